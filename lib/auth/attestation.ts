import type { Credential } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Principal, User } from '../core/values.ts';
import { mayEnter, names, refused } from './credential.ts';

/** What an account here is made from, where that is configured. */
export interface Profile {
  /** Names to make a login from, the best first. */
  readonly logins: readonly string[];
  readonly email: string | null;
  readonly firstName: string;
  readonly lastName: string;
}

/** An account at another service. Issuer and subject alone say whose it is. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly profile: Profile;
}

/** `all`: whatever the user may do; the others are about the user's own workspace. */
export type Rights = 'none' | 'read' | 'write' | 'all';

/** What another service says of a good token. Small: it is kept. */
export interface Attestation {
  readonly identity: Identity;
  readonly rights: Rights;
  /** Milliseconds since 1970; Infinity where the service does not say. */
  readonly expires: number;
}

export interface Admission extends Pick<Attestation, 'rights' | 'expires'> {
  readonly credential: Credential;
  /** Whoever issued the token cannot be asked just now, and said this before. */
  readonly stale?: boolean;
  /** Names the credential in logs. */
  readonly name: string;
  /** Said to whom the rights lack: which scope to ask for. */
  readonly lacking: string;
  /** Asked for anew with each request, of the catalog, once. */
  readonly user: () => Promise<User>;
}

/**
 * The principal of a good token. Throws `unauthenticated`; or `denied` where the token was not made for a workspace
 * (RFC 6750 §3.1, `insufficient_scope`), and then no account is made or looked for.
 */
export async function admit(admission: Admission, now: number): Promise<Principal> {
  const { rights, expires, credential, stale = false, name, lacking } = admission;
  if (expires <= now) throw ended(expires);
  if (rights === 'none') {
    throw new StoreError('denied', { op: 'authenticate', scope: 'read', message: lacking });
  }
  const user = await admission.user();
  if (credential.kind === 'basic' && !names(credential.login, user)) throw refused();
  if (!mayEnter(user)) throw refused();
  return {
    user: user.id,
    login: user.login,
    admin: rights === 'all' && user.admin,
    home: user.home,
    write: rights !== 'read',
    root: null,
    credential: name,
    ...(stale ? { stale } : {}),
  };
}

export const ended = (expires: number): StoreError =>
  refused(`This token ended at ${new Date(expires).toISOString()}; get a new one where it came from.`);
