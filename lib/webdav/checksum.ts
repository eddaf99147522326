/** Digests that a client announces for a body: ownCloud's `OC-Checksum`, and `Content-Digest` (RFC 9530). */
import { StoreError } from '../core/error.ts';
import type { Body, Checksums } from '../core/values.ts';
import type { Headers } from './verb.ts';

export interface Announced {
  /** For the workspace, which verifies and keeps them. */
  readonly checksums: Checksums;
  /** Verified here and not kept: no store knows it. */
  readonly adler32: string | undefined;
}

const digits: Readonly<Record<string, number>> = { adler32: 8, md5: 32, sha1: 40, sha256: 64, sha512: 128 };
const digestNames: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha: 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
};

/** Throws `invalid` for an `OC-Checksum` that could not be verified; a digest that RFC 9530 lets pass is passed. */
export function announcedChecksums(headers: Headers): Announced {
  const all = { ...contentDigest(headers['content-digest']), ...ocChecksum(headers['oc-checksum']) };
  const { adler32, ...checksums } = all;
  return { checksums, adler32 };
}

function ocChecksum(header: string | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of (header ?? '').split(/[ ,]+/)) {
    if (part === '') continue;
    const colon = part.indexOf(':');
    const name = part.slice(0, Math.max(0, colon)).toLowerCase();
    const value = part.slice(colon + 1).toLowerCase();
    if (digits[name] !== value.length || !/^[0-9a-f]+$/.test(value)) {
      const message =
        'OC-Checksum is not understood; send SHA1, SHA256, SHA512, MD5 or ADLER32 in hexadecimal.';
      throw new StoreError('invalid', { op: 'put', message });
    }
    found[name] = value;
  }
  return found;
}

function contentDigest(header: string | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of (header ?? '').split(',', 16)) {
    const [, key, base64] = /^\s*([a-z0-9-]+)=:([A-Za-z0-9+/=]*):\s*$/.exec(part) ?? [];
    const name = digestNames[key ?? ''];
    if (name === undefined || base64 === undefined) continue;
    found[name] = Buffer.from(base64, 'base64').toString('hex');
  }
  return found;
}

/** The body, which fails at its end where its ADLER32 is another. */
export function verifiedBody(body: Body, adler32: string | undefined): Body {
  return adler32 === undefined ? body : verifying(body, adler32);
}

async function* verifying(body: Body, expected: string): AsyncIterable<Uint8Array> {
  let sum = 1;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    sum = adler32Of(chunk, sum);
    yield chunk;
  }
  const actual = sum.toString(16).padStart(8, '0');
  if (actual === expected) return;
  const message = `The ADLER32 checksum is ${actual}, not ${expected} as announced; nothing was changed. Send it again.`;
  throw new StoreError('invalid', { op: 'put', message });
}

const base = 65_521;
/** So many bytes fit before the sums leave 32 bits (zlib's NMAX). */
const run = 5_552;

function adler32Of(bytes: Uint8Array, start: number): number {
  let a = start & 0xffff;
  let b = start >>> 16;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + run, bytes.length);
    for (; at < end; at++) {
      a += bytes[at] as number;
      b += a;
    }
    a %= base;
    b %= base;
  }
  return ((b << 16) | a) >>> 0;
}
