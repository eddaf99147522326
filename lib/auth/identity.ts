import { claimAt, textAt, timeAt, wordsAt } from './claim.ts';
import { refused } from './credential.ts';
import type { Claims } from './fetch-json.ts';
import type { IssuerSettings } from './issuer-settings.ts';

/** What a name and a login are made from. */
export interface Profile {
  readonly logins: readonly string[];
  readonly email: string | null;
  readonly firstName: string;
  readonly lastName: string;
}

/** Who somebody is elsewhere, and what their token allows here. Small: it is kept. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds; Infinity where the issuer did not say. */
  readonly expires: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly profile: Profile;
}

export interface IdentitySource {
  readonly subject: string;
  readonly expires: string;
  /** Where it says for whom it is, the first that does; null: the issuer answers for its asker's tokens alone. */
  readonly audience: readonly string[] | null;
}

/** RFC 9068 §2.2. */
export const jwtClaims: IdentitySource = { subject: 'sub', expires: 'exp', audience: ['aud'] };

/** RFC 7662 §2.2, where `aud` may be missing: then the client that it was issued to. */
export const answerClaims = ({ provider }: IssuerSettings): IdentitySource => ({
  subject: provider.subject,
  expires: provider.expires,
  audience: provider.audience === null ? null : [provider.audience, 'client_id'],
});

/** Claims that were checked to be the issuer's; `unauthenticated` where the token is not for us, or not good now. */
export function identityOf(claims: Claims, settings: IssuerSettings, from: IdentitySource, now: number) {
  const subject = textAt(claims, from.subject);
  const expires = timeAt(claims, from.expires) ?? Number.POSITIVE_INFINITY;
  const said = (name: string): number => timeAt(claims, name) ?? 0;
  if (subject === null) throw refused('The token does not say whose it is (it has no sub).');
  if (!meant(claims, settings.audience, from.audience)) throw refused();
  if (expires <= now) throw ended(expires);
  if (said('nbf') > now + settings.skew || said('iat') > now + settings.skew) throw refused();
  const identity: Identity = {
    issuer: settings.issuer,
    subject,
    expires,
    ...rightsOf(claims, settings),
    profile: profileOf(claims, settings),
  };
  return identity;
}

export const ended = (expires: number) =>
  refused(`This token ended at ${new Date(expires).toISOString()}; get a new one where it came from.`);

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

function rightsOf(claims: Claims, settings: IssuerSettings) {
  const { read, write } = settings.scopes;
  const words = read === null && write === null ? [] : wordsAt(claims, scopeClaim(settings));
  const has = (wanted: readonly string[] | null): boolean =>
    wanted?.some((one) => words.includes(one)) ?? false;
  const reads = read === null || has(read) || has(write);
  return { read: reads, write: reads && (write === null || has(write)) };
}

const emailShape = /^[^\s@]+@[^\s@]+$/;

export function profileOf(claims: Claims, { accounts, provider }: IssuerSettings): Profile {
  const [given, family] = [textAt(claims, 'given_name') ?? '', textAt(claims, 'family_name') ?? ''];
  const named = { ...claims, name: textAt(claims, 'name') ?? `${given} ${family}`.trim() };
  const logins = (accounts.login ?? provider.login).map((path) => textAt(named, path));
  const email = claims.email_verified === false ? null : textAt(claims, 'email');
  return {
    logins: logins.filter((login) => login !== null),
    email: email !== null && emailShape.test(email) ? email : null,
    firstName: given === '' ? named.name : given,
    lastName: family,
  };
}
