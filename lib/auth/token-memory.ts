import { createHmac, type KeyObject } from 'node:crypto';
import { subkey } from './server-key.ts';

/** Names a token in memory: it cannot be told from it, nor be found by guessing without the key. */
export type TokenHash = string;

export function tokenHasher(serverKey: KeyObject): (text: string) => TokenHash {
  const key = subkey(serverKey, 'hearth foreign tokens v1');
  return (text) => createHmac('sha256', key).update(text).digest('base64url');
}

/** What is known of a token, until a time. The oldest go when there are too many. */
export interface TokenMemory<T> {
  get(hash: TokenHash, now: number): T | undefined;
  set(hash: TokenHash, value: T, until: number): void;
  delete(hash: TokenHash): void;
}

export function tokenMemory<T>(most: number): TokenMemory<T> {
  const known = new Map<TokenHash, { readonly value: T; readonly until: number }>();
  return {
    get(hash, now) {
      const found = known.get(hash);
      if (found === undefined) return undefined;
      if (now < found.until) return found.value;
      known.delete(hash);
      return undefined;
    },
    set(hash, value, until) {
      known.delete(hash);
      for (const oldest of known.keys()) {
        if (known.size < most) break;
        known.delete(oldest);
      }
      known.set(hash, { value, until });
    },
    delete: (hash) => void known.delete(hash),
  };
}
