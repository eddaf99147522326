import type { Accounts, Authenticator, Credential } from '../core/contracts.ts';
import type { Principal, TokenRecord } from '../core/values.ts';
import { mayEnter, names, principalOf, refused, tokenIn } from './credential.ts';
import type { Grant } from './grant.ts';
import { lastUse } from './last-use.ts';
import { claimsOurs, sign, type Verified, verify } from './signed.ts';
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

export interface RenewedMount extends MountCredential {
  readonly principal: Principal;
}

export interface MountCredentials extends Authenticator {
  issue(grant: Grant, now: number): Promise<MountCredential>;
  /** A fresh one for the same mount, from one that may have ended. Throws `unauthenticated`. */
  renew(credential: Credential, now: number): Promise<RenewedMount>;
}

/** The end of a record is moved when that moves it by this much: parallel renewals write once. */
const worthMoving = 60_000;

const verifiedKept = 1_000;

/**
 * What a mount shows with each request: signed, short-lived, and only as good as the record that it names, which is
 * asked each time. Scope and limit are the record's.
 */
export function mountCredentials(options: MountCredentialOptions): MountCredentials {
  const { accounts, keys, lifetime, keep } = options;
  const used = lastUse(accounts, options.onError);

  /** Texts whose signature was right once: most requests bring the same few. */
  const known = new Map<string, Verified>();

  async function signedIn(text: string, now: number, late: boolean): Promise<Verified> {
    const before = known.get(text);
    if (before !== undefined && (late || now < before.expires)) {
      if ((await keys.find(before.kid, now)) !== undefined) return before;
    }
    const signed = await verify(keys, 'mount', text, { now, late });
    if (known.size >= verifiedKept) known.clear();
    known.set(text, signed);
    return signed;
  }

  async function recordOf(credential: Credential, text: string, now: number, late: boolean) {
    const signed = await signedIn(text, now, late);
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
      if (!known.has(text) && !claimsOurs(keys, text)) return undefined;
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
      const { token, user } = await recordOf(credential, tokenIn(credential), now, true);
      const latest = now + keep;
      const end = token.expires ?? latest;
      const stale = latest - end >= worthMoving;
      if (stale && !(await accounts.extendToken(token.id, latest))) throw refused();
      return {
        ...(await signFor(token, stale ? latest : end, now)),
        principal: principalOf(user, token),
      };
    },
  };
}
