import { type Attestation, ended, type Profile, type Rights } from './attestation.ts';
import { type Claims, claimAt, textAt, textsAt, timeAt, wordsAt } from './claim.ts';
import { refused } from './credential.ts';
import type { IssuerSettings } from './issuer-settings.ts';

export interface ClaimSource {
  readonly subject: string;
  readonly expires: string;
  /** Where it says for whom it is, the first that does; null: the issuer answers for its asker's tokens alone. */
  readonly audience: readonly string[] | null;
}

/** RFC 9068 §2.2. */
export const jwtClaims: ClaimSource = { subject: 'sub', expires: 'exp', audience: ['aud'] };

/** RFC 7662 §2.2, where `aud` may be missing: then the client that it was issued to. */
export const answerClaims = ({ provider }: IssuerSettings): ClaimSource => ({
  subject: provider.subject,
  expires: provider.expires,
  audience: provider.audience === null ? null : [provider.audience, 'client_id'],
});

/** Claims that were checked to be the issuer's; `unauthenticated` where the token is not for us, or not good now. */
export function attestationOf(
  claims: Claims,
  settings: IssuerSettings,
  from: ClaimSource,
  now: number,
): Attestation {
  const subject = textAt(claims, from.subject);
  const expires = timeAt(claims, from.expires) ?? Number.POSITIVE_INFINITY;
  const said = (name: string): number => timeAt(claims, name) ?? 0;
  if (subject === null) throw refused('The token does not say whose it is (it has no sub).');
  if (!meant(claims, settings.audience, from.audience)) throw refused();
  if (expires <= now) throw ended(expires);
  if (said('nbf') > now + settings.skew || said('iat') > now + settings.skew) throw refused();
  const identity = { issuer: settings.issuer, subject, profile: profileOf(claims, settings) };
  return { identity, rights: rightsOf(claims, settings), expires };
}

/** RFC 9068 §4, RFC 7662 §4: not a token that some other service was given. */
function meant(claims: Claims, audience: readonly string[], paths: readonly string[] | null): boolean {
  if (paths === null) return true;
  const value = paths.map((path) => claimAt(claims, path)).find((one) => one !== undefined);
  const audiences: readonly unknown[] = Array.isArray(value) ? value : [value];
  return audience.some((one) => audiences.includes(one));
}

export function scopeClaim({ scopes, provider }: IssuerSettings): string {
  return scopes.claim ?? provider.scope;
}

function rightsOf(claims: Claims, settings: IssuerSettings): Rights {
  const { read, write } = settings.scopes;
  if (read === null && write === null) return 'all';
  const words = wordsAt(claims, scopeClaim(settings));
  const has = (wanted: readonly string[] | null): boolean =>
    wanted?.some((one) => words.includes(one)) ?? false;
  if (read !== null && !has(read) && !has(write)) return 'none';
  return write === null || has(write) ? 'write' : 'read';
}

/** What a token needs of which it has nothing, for a message. */
export function scopesLacking({ scopes, issuer }: IssuerSettings): string {
  const wanted = [...(scopes.read ?? []), ...(scopes.write ?? [])].join(', ');
  return `The token of ${new URL(issuer).host} does not allow this; it needs one of: ${wanted}`;
}

const emailShape = /^[^\s@]+@[^\s@]+$/;

export function profileOf(claims: Claims, { accounts, provider }: IssuerSettings): Profile {
  const [given, family] = [textAt(claims, 'given_name') ?? '', textAt(claims, 'family_name') ?? ''];
  const named = { ...claims, name: textAt(claims, 'name') ?? `${given} ${family}`.trim() };
  const email = claims.email_verified === false ? null : textAt(claims, 'email');
  return {
    logins: textsAt(named, accounts.login ?? provider.login),
    email: email !== null && emailShape.test(email) ? email : null,
    firstName: given === '' ? named.name : given,
    lastName: family,
  };
}
