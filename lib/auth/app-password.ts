import { type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Accounts, Authenticator, Credential } from '../core/contracts.ts';
import type { EntryId, Principal, TokenRecord, UserId } from '../core/values.ts';
import { mayEnter, names, principalOf, refused, tokenIn } from './credential.ts';
import { lastUse } from './last-use.ts';
import { subkey } from './server-key.ts';
import { formatToken, newTokenText, parseToken, secretHash } from './token-text.ts';

const purpose = 'hearth app passwords v1';
const nobody = Buffer.alloc(32);
const hashesKept = 1_000;

export interface AppPasswordOptions {
  readonly accounts: Pick<Accounts, 'token' | 'touchToken'>;
  readonly key: KeyObject;
  /** Told when a last use could not be written down; the request goes on. */
  readonly onError?: (error: unknown) => void;
}

/** App passwords and access tokens. Each request asks the catalog, so that a revoked one dies at once. */
export function appPasswords(options: AppPasswordOptions): Authenticator {
  const key = subkey(options.key, purpose);
  const used = lastUse(options.accounts, options.onError);
  /** Of secrets that were right once, by the secret: most requests bring the same few. */
  const hashes = new Map<string, Buffer>();

  async function authenticate(credential: Credential, now: number): Promise<Principal | undefined> {
    const text = parseToken(tokenIn(credential));
    if (text === undefined) return undefined;
    const found = await options.accounts.token(text.id);
    const hash = hashes.get(text.secret) ?? secretHash(key, text.secret);
    const kept = found?.token.kind === 'password' ? found.token.hash : nobody;
    if (!timingSafeEqual(hash, kept) || found === undefined) throw refused();
    remember(hashes, text.secret, hash);
    const { token, user } = found;
    if (credential.kind === 'basic' && !names(credential.login, user)) throw refused();
    if (!mayEnter(user)) throw refused();
    if (token.expires !== null && token.expires <= now) {
      const since = new Date(token.expires).toISOString();
      throw refused(`This token ended at ${since}; make a new one with: hearth token create ${user.login}`);
    }
    used(token, now);
    return principalOf(user, token);
  }

  return { authenticate };
}

export interface TokenRequest {
  readonly user: UserId;
  readonly name: string;
  readonly write: boolean;
  readonly root?: EntryId;
  readonly expires?: number;
}

/** A new token. The text is shown once and kept nowhere; the record goes to `accounts.createToken`. */
export function mintAppPassword(
  key: KeyObject,
  request: TokenRequest,
  now: number,
): { readonly text: string; readonly record: TokenRecord } {
  const text = newTokenText();
  const record = {
    id: text.id,
    kind: 'password' as const,
    hash: secretHash(subkey(key, purpose), text.secret),
    user: request.user,
    name: request.name,
    write: request.write,
    root: request.root ?? null,
    created: now,
    expires: request.expires ?? null,
    lastUsed: null,
  };
  return { text: formatToken(text), record };
}

function remember(hashes: Map<string, Buffer>, secret: string, hash: Buffer): void {
  if (hashes.has(secret)) return;
  if (hashes.size >= hashesKept) hashes.clear();
  hashes.set(secret, hash);
}
