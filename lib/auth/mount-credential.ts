import type { Accounts, Authenticator, Credential } from '../core/contracts.ts';
import type { Principal, TokenRecord, User } from '../core/values.ts';
import { mayEnter, names, principalOf, refused, tokenIn } from './credential.ts';
import type { Grant } from './grant.ts';
import { lastUse } from './last-use.ts';
import { claimsOurs, sign, verify } from './signed.ts';
import type { SigningKeys } from './signing-keys.ts';
import { newTokenText } from './token-text.ts';

export interface MountCredentialOptions {
  readonly accounts: Pick<Accounts, 'token' | 'createToken' | 'extendToken' | 'touchToken'>;
  readonly keys: SigningKeys;
  /** Milliseconds for which one is good. */
  readonly lifetime: number;
  /** Milliseconds after the last renewal until the mount is given up. */
  readonly keep: number;
  /** Told when a last use could not be written down; the request goes on. */
  readonly onError?: (error: unknown) => void;
}

export interface MountCredential {
  readonly text: string;
  readonly id: string;
  readonly write: boolean;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** When to renew it, milliseconds since 1970; until `renewUntil` it can be, even when it has ended. */
  readonly renewAfter: number;
  readonly renewUntil: number;
}

export interface MountCredentials extends Authenticator {
  issue(grant: Grant, now: number): Promise<MountCredential>;
  /** A fresh one for the same mount, from one that may have ended. Throws `unauthenticated`. */
  renew(credential: Credential, now: number): Promise<MountCredential & { readonly login: string }>;
}

/** The end of a record is moved when that moves it by this much: parallel renewals write once. */
const worthMoving = 60_000;

/**
 * What a mount shows with each request: signed, short-lived, and only as good as the record that it names, which is
 * asked each time. Scope and limit are the record's.
 */
export function mountCredentials(options: MountCredentialOptions): MountCredentials {
  const { accounts, keys, lifetime, keep } = options;
  const used = lastUse(accounts, options.onError);

  async function recordOf(credential: Credential, text: string, now: number, late: boolean) {
    const signed = await verify(keys, 'mount', text, { now, late });
    const found = await accounts.token(signed.id);
    if (found === undefined || found.token.kind !== 'mount' || found.user.id !== signed.user) throw refused();
    if (credential.kind === 'basic' && !names(credential.login, found.user)) throw refused();
    if (!mayEnter(found.user)) throw refused();
    if (found.token.expires !== null && found.token.expires <= now) throw refused();
    return found;
  }

  async function signFor(
    token: Pick<TokenRecord, 'id' | 'user' | 'write'>,
    renewUntil: number,
    now: number,
  ): Promise<MountCredential> {
    const { id, user, write } = token;
    const expires = Math.floor((now + lifetime) / 1000) * 1000;
    const text = await sign(keys, 'mount', { id, user, expires, more: {} }, now);
    return { text, id, write, expires, renewAfter: now + Math.floor(lifetime / 2), renewUntil };
  }

  return {
    async authenticate(credential, now): Promise<Principal | undefined> {
      const text = tokenIn(credential);
      if (!claimsOurs(keys, text)) return undefined;
      const { token, user } = await recordOf(credential, text, now, false);
      used(token, now);
      return principalOf(user, token);
    },
    async issue({ user, name, write, root }, now) {
      const { id } = newTokenText();
      const expires = now + keep;
      const hash = new Uint8Array(0);
      const record = { id, kind: 'mount', hash, user, name, write, root } as const;
      await accounts.createToken({ ...record, created: now, expires, lastUsed: null });
      return signFor(record, expires, now);
    },
    async renew(credential, now) {
      const { token, user }: { token: TokenRecord; user: User } = await recordOf(
        credential,
        tokenIn(credential),
        now,
        true,
      );
      const renewUntil = now + keep;
      const stale = renewUntil - (token.expires ?? renewUntil) >= worthMoving;
      if (stale && !(await accounts.extendToken(token.id, renewUntil))) throw refused();
      return {
        ...(await signFor(token, stale ? renewUntil : (token.expires ?? renewUntil), now)),
        login: user.login,
      };
    },
  };
}
