import { type CryptoKey, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { ended } from './attestation.ts';
import { type Claims, isClaims } from './claim.ts';
import { refused } from './credential.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { IssuerSettings } from './issuer-settings.ts';

/** Characters; headers of requests are not longer. */
const longest = 16_384;
/** JWS and JWE in their compact forms (RFC 7515 §7.1, RFC 7516 §7.1). */
const shape = /^[\w-]+\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?$/;

export const looksLikeJwt = (text: string): boolean => text.length <= longest && shape.test(text);

/** Who a JWT says that it is from, before anything is checked; undefined where the text is none. */
export function issuerIn(text: string): string | undefined {
  if (!looksLikeJwt(text)) return undefined;
  const [header, payload] = text.split('.').map(jsonIn);
  const issuer = header === undefined ? undefined : payload?.iss;
  return typeof issuer === 'string' ? issuer : undefined;
}

function jsonIn(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isClaims(value) ? value : undefined;
  } catch {
    // A text of this shape that is no JWT: another kind of credential.
    return undefined;
  }
}

/**
 * Signature, issuer, `exp` and `typ` (RFC 9068 §4, RFC 8725); whom it is for and who it is, the caller checks. Throws
 * `unauthenticated`, or `unavailable` where the keys cannot be had.
 */
export async function verifyJwt(
  text: string,
  settings: IssuerSettings,
  keys: IssuerKeys,
  now: number,
): Promise<Claims> {
  const options: JWTVerifyOptions = {
    issuer: settings.issuer,
    algorithms: [...settings.algorithms],
    requiredClaims: ['exp'],
    currentDate: new Date(now),
    clockTolerance: Math.ceil(settings.skew / 1000),
    ...(settings.typ === 'at+jwt' ? { typ: settings.typ } : {}),
  };
  try {
    const { payload, protectedHeader } = await verified(text, keys, options, now);
    if (!typFits(protectedHeader.typ) || !kindFits(payload, settings)) throw refused();
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw ended(Number(error.payload.exp) * 1000);
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw refused();
    throw error;
  }
}

/** Tries each key that fits where the token does not name one. */
async function verified(text: string, keys: IssuerKeys, options: JWTVerifyOptions, now: number) {
  let candidates: readonly CryptoKey[] = [];
  const first = await jwtVerify(
    text,
    async (header) => {
      candidates = await keys.matching(header, now);
      const [key] = candidates;
      if (key === undefined) throw refused();
      return key;
    },
    options,
  ).catch((error: unknown) => {
    if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    return error;
  });
  if (!(first instanceof Error)) return first;
  for (const key of candidates.slice(1)) {
    try {
      return await jwtVerify(text, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw first;
}

const accessTypes: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

/** Logout tokens, request objects and their like are no credentials (RFC 8725 §3.11). */
const typFits = (typ: string | undefined): boolean => typ === undefined || accessTypes.has(typ.toLowerCase());

/** An ID token tells a client who signed in; whoever holds one was not given access here. */
function kindFits(payload: JWTPayload, { provider, idTokens }: IssuerSettings): boolean {
  const idToken =
    payload.nonce !== undefined || payload.at_hash !== undefined || payload.c_hash !== undefined;
  return (
    (idTokens || !idToken) &&
    Object.entries(provider.claims).every(([name, value]) => payload[name] === value)
  );
}
