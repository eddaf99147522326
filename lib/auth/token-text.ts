import { createHmac, type KeyObject, randomBytes } from 'node:crypto';

/** What a token looks like to people: `k3v9q0x1m2ab_` and 43 letters and digits (256 bits). */
export interface TokenText {
  readonly id: string;
  readonly secret: string;
}

const idAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const secretAlphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idLength = 12;
const secretLength = 43;
const shape = /^([0-9a-hj-km-np-tv-z]{12})_([0-9A-Za-z]{43})$/;

/** 60 bits for the id, 256 bits for the secret. */
export function newTokenText(random: (bytes: number) => Uint8Array = randomBytes): TokenText {
  const id = Array.from(random(idLength), (byte) => idAlphabet[byte & 31]).join('');
  return { id, secret: base62(random(32)) };
}

export function formatToken(token: TokenText): string {
  return `${token.id}_${token.secret}`;
}

/** Undefined where the text is no token of ours. */
export function parseToken(text: string): TokenText | undefined {
  const match = shape.exec(text);
  return match === null ? undefined : { id: match[1] as string, secret: match[2] as string };
}

/** HMAC-SHA-256: what a record keeps of a secret. */
export function secretHash(key: KeyObject, secret: string): Buffer {
  return createHmac('sha256', key).update(secret).digest();
}

function base62(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (text.length < secretLength) {
    text = secretAlphabet[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}
