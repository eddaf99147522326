import type { Authenticator, Credential } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { Principal, User } from '../core/values.ts';
import { mayEnter, names, refused } from './credential.ts';
import type { VerdictCache } from './verdict-cache.ts';

/** An account at another service; `login`: what it is called there. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly login: string;
}

/** The user whose account that is; it may make one. Undefined: nobody's. Asked for each request. */
export type IdentityToUser = (identity: Identity, now: number) => Promise<User | undefined>;

/** `all`: whatever the user may do; the others are about the user's own workspace. */
export type Rights = 'none' | 'read' | 'write' | 'all';

/** What another service says of a good token. */
export interface Grant {
  readonly identity: Identity;
  readonly rights: Rights;
  /** Milliseconds since 1970; null: it does not say. */
  readonly expires: number | null;
}

export interface ForeignTokenOptions {
  /** Names the kind in logs: `jupyterhub`. */
  readonly kind: string;
  /** What to ask about, where the credential is of this kind. */
  readonly recognise: (credential: Credential) => string | undefined;
  /** Undefined: the token is not good. Throws `unavailable` where nobody can tell. */
  readonly ask: (secret: string, now: number) => Promise<Grant | undefined>;
  readonly verdicts: VerdictCache<Grant>;
  readonly identityToUser: IdentityToUser;
  /** Said to whom the rights lack: which scope to ask for. */
  readonly lacking: string;
  /** Told, now and then, why the other side cannot be asked. */
  readonly onError?: (error: unknown) => void;
}

/** Failures of the other side are told at most this often. */
const tellEvery = 10_000;

/** Tokens that another service issued and checks; what it says is cached, who the user is, is not. */
export function foreignTokens(options: ForeignTokenOptions): Authenticator {
  const { kind, verdicts, identityToUser } = options;
  let told = -Infinity;

  async function ask(secret: string, now: number): Promise<Grant | undefined> {
    try {
      return await options.ask(secret, now);
    } catch (error) {
      if (now - told >= tellEvery && isStoreError(error, 'unavailable')) {
        told = now;
        options.onError?.(error);
      }
      throw error;
    }
  }

  async function authenticate(credential: Credential, now: number): Promise<Principal | undefined> {
    const secret = options.recognise(credential);
    if (secret === undefined) return undefined;
    const verdict = await verdicts.verdict(secret, now, () => ask(secret, now));
    if (verdict === undefined) throw refused();
    const { identity, rights, expires } = verdict.value;
    if (expires !== null && expires <= now) throw refused('This token has ended; get a new one.');
    if (rights === 'none') throw lacks(options.lacking);
    const user = await identityToUser(identity, now);
    if (user === undefined || !mayEnter(user)) throw refused();
    return foreignPrincipal({
      credential,
      user,
      rights,
      stale: verdict.stale,
      name: `${kind}:${verdict.name.slice(0, 12)}`,
    });
  }

  return { authenticate };
}

export interface ForeignAccess {
  readonly credential: Credential;
  readonly user: User;
  readonly rights: Exclude<Rights, 'none'>;
  readonly stale?: boolean;
  /** Names the credential in logs. */
  readonly name: string;
}

export function foreignPrincipal(access: ForeignAccess): Principal {
  const { credential, user, rights, stale = false, name } = access;
  if (credential.kind === 'basic' && !names(credential.login, user)) throw refused();
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

/** It is clear who asks, but the token was not made for a workspace (RFC 6750's `insufficient_scope`). */
export function lacks(message: string): StoreError {
  return new StoreError('denied', { op: 'authenticate', message });
}
