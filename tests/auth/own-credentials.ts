import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { Grant } from '../../lib/auth/grant.ts';
import { mountCredentials } from '../../lib/auth/mount-credential.ts';
import { mountTickets } from '../../lib/auth/mount-ticket.ts';
import { signedDownloads } from '../../lib/auth/signed-download.ts';
import { signingKeys } from '../../lib/auth/signing-keys.ts';
import { ada, memoryAccounts } from './memory-accounts.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const now = 1_700_000_000_000;

export const grant: Grant = { user: ada.id, name: 'notebook', write: true, root: null };

/** All kinds of own credentials over one set of accounts. */
export function ownCredentials() {
  const memory = memoryAccounts(ada);
  const { accounts } = memory;
  const key = createSecretKey(randomBytes(32));
  const keys = signingKeys({ accounts, key, rotateEvery: 1e12, verifyFor: 24 * hour });
  return {
    ...memory,
    key,
    keys,
    tickets: mountTickets({ accounts, key, lifetime: minute }),
    mounts: mountCredentials({ accounts, keys, lifetime: 10 * minute, keep: 24 * hour }),
    downloads: signedDownloads({ accounts, keys }),
  };
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

export const headerOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString());

/** A JWT as a forger writes it, by hand: any header, any claims, any key. */
export function forge(header: object, claims: object, signature: (text: string) => string): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${signature(text)}`;
}

export const hmac = (hash: 'sha256' | 'sha512', secret: Buffer) => (text: string) =>
  createHmac(hash, secret).update(text).digest('base64url');

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const publicPem = Buffer.from(pair.publicKey.export({ type: 'spki', format: 'pem' }));
export const rsa = (text: string): string =>
  sign('sha256', Buffer.from(text), pair.privateKey).toString('base64url');
