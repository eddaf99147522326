import { createHmac, type KeyObject } from 'node:crypto';
import { recentMap } from './recent-map.ts';
import { subkey } from './server-key.ts';

/** HMAC-SHA-256 under a key of its own: nobody finds the text by guessing without the server's key. */
export function keyedHash(serverKey: KeyObject, purpose: string): (text: string) => Buffer {
  const key = subkey(serverKey, purpose);
  return (text) => createHmac('sha256', key).update(text).digest();
}

/** Names a token in memory and in logs, and does not give it away. */
export type TokenName = string;

/** Tokens whose names are remembered: most requests bring the same few, and a hash costs more than all else. */
const remembered = 1_000;

export function tokenNames(serverKey: KeyObject): (token: string) => TokenName {
  const hash = keyedHash(serverKey, 'hearth foreign tokens v1');
  const names = recentMap<TokenName>(remembered);
  return (token) => {
    const known = names.get(token);
    if (known !== undefined) return known;
    const name = hash(token).toString('base64url');
    names.set(token, name);
    return name;
  };
}
