import jwt from 'jsonwebtoken';
import { refused } from './credential.ts';
import { recentMap } from './recent-map.ts';
import type { SigningKeys } from './signing-keys.ts';

/** What a signature is for: the audience, so that one kind is worth nothing as another. */
export type Purpose = 'mount' | 'download';

export interface Signed {
  /** `jti`: id of the record behind it. */
  readonly id: string;
  readonly user: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly expires: number;
  /** Claims of the purpose's own. */
  readonly more: Readonly<Record<string, unknown>>;
}

export interface Verified extends Signed {
  /** The key that it was signed with. */
  readonly kid: string;
}

const algorithm = 'HS256';

/** Header and claims as anybody may write them: to find out whose it is, never to believe them. */
function unverified(text: string): { readonly kid: unknown; readonly issuer: unknown } | undefined {
  try {
    const decoded = jwt.decode(text, { complete: true });
    if (decoded === null || typeof decoded.payload !== 'object') return undefined;
    return { kid: decoded.header.kid, issuer: decoded.payload.iss };
  } catch {
    // Three parts with dots between them, and no JSON in them: no credential of anybody's.
    return undefined;
  }
}

/** Whether a text says that it was signed here. */
export function claimsOurs(keys: Pick<SigningKeys, 'issuer'>, text: string): boolean {
  if (!text.startsWith('eyJ')) return false;
  const known = issuers.get(text);
  if (known !== undefined) return known === keys.issuer;
  const issuer = String(unverified(text)?.issuer);
  issuers.set(text, issuer);
  return issuer === keys.issuer;
}

/** What tokens say of who issued them, checked or not: most requests bring the same few. */
const issuers = recentMap<string>(1_000);

export async function sign(
  keys: SigningKeys,
  purpose: Purpose,
  signed: Signed,
  now: number,
): Promise<string> {
  const key = await keys.current(now);
  const times = { iat: Math.floor(now / 1000), exp: Math.floor(signed.expires / 1000) };
  return jwt.sign({ ...signed.more, ...times }, key.for(purpose), {
    algorithm,
    keyid: key.kid,
    issuer: keys.issuer,
    audience: audienceOf(keys, purpose),
    subject: signed.user,
    jwtid: signed.id,
  });
}

const audienceOf = ({ issuer }: SigningKeys, purpose: Purpose): string => `${issuer}:${purpose}`;

export interface VerifyOptions {
  readonly now: number;
  /** Its time may be over: the record behind it decides. */
  readonly late?: boolean;
}

/** Throws `unauthenticated`, with the same words whatever is wrong, but for one that was good once. */
export async function verify(
  keys: SigningKeys,
  purpose: Purpose,
  text: string,
  { now, late = false }: VerifyOptions,
): Promise<Verified> {
  const kid = unverified(text)?.kid;
  const key = typeof kid === 'string' ? await keys.find(kid, now) : undefined;
  if (typeof kid !== 'string' || key === undefined) throw refused();
  try {
    const claims = jwt.verify(text, key.for(purpose), {
      algorithms: [algorithm],
      issuer: keys.issuer,
      audience: audienceOf(keys, purpose),
      clockTimestamp: Math.floor(now / 1000),
      ignoreExpiration: late,
    });
    const { jti, sub, exp, ...more } = typeof claims === 'string' ? {} : claims;
    if (typeof jti !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') throw refused();
    return { id: jti, user: sub, expires: exp * 1000, more, kid };
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError) throw refused('The credential has ended; renew it.');
    throw error instanceof jwt.JsonWebTokenError ? refused() : error;
  }
}
