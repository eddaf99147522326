import { createHmac, type KeyObject } from 'node:crypto';
import { subkey } from './server-key.ts';

/** HMAC-SHA-256 under a key of its own: nobody finds the text by guessing without the server's key. */
export function keyedHash(serverKey: KeyObject, purpose: string): (text: string) => Buffer {
  const key = subkey(serverKey, purpose);
  return (text) => createHmac('sha256', key).update(text).digest();
}

/** Names a token in memory and in logs, and does not give it away. */
export type TokenName = string;

export function tokenNames(serverKey: KeyObject): (token: string) => TokenName {
  const hash = keyedHash(serverKey, 'hearth foreign tokens v1');
  // Several kinds may be asked about one request's token, one after the other.
  let last: { readonly token: string; readonly name: TokenName } | undefined;
  return (token) => {
    if (last?.token !== token) last = { token, name: hash(token).toString('base64url') };
    return last.name;
  };
}
