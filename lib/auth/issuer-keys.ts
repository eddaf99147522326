import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';
import { StoreError } from '../core/error.ts';
import { isClaims, type JsonClient, noAnswer } from './fetch-json.ts';
import { type Kept, kept } from './kept.ts';

export interface IssuerKeysOptions {
  /** Of the issuer, for messages. */
  readonly host: string;
  /** Where the keys are; asked again with each fetch, since an issuer may move them. */
  readonly url: (now: number) => Promise<string>;
  readonly client: JsonClient;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Public keys of an issuer (RFC 7517). */
export interface IssuerKeys {
  /** Those that may have signed a token with this header; none where the issuer has no such key. */
  matching(header: JWTHeaderParameters, now: number): Promise<readonly CryptoKey[]>;
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

const mostKeys = 100;

/**
 * Fetched every ten minutes, and for a `kid` that is not among them at most every 30 seconds; while the issuer is
 * down they serve for a day.
 */
export function issuerKeys({ host, url, client, onError }: IssuerKeysOptions): IssuerKeys {
  const keys: Kept<KeySet> = kept({
    load: async (now) => keySet(await url(now), client),
    maxAge: 600_000,
    staleFor: 86_400_000,
    cooldown: 30_000,
    retryAfter: 5_000,
    onError,
  });
  return {
    async matching(header, now) {
      const found = await keysIn(await keys.get(now), header);
      if (found.length > 0) return found;
      const told = await keys.renew(now);
      const again = await keysIn(await keys.get(now), header);
      // A key that may have come since: no reason to call a good token bad.
      if (again.length === 0 && !told) throw noAnswer(host);
      return again;
    },
  };
}

async function keySet(url: string, client: JsonClient): Promise<KeySet> {
  const { host } = new URL(url);
  const { status, body } = await client(url);
  if (status !== 200) throw noAnswer(host, new StoreError('unavailable', { message: `status ${status}` }));
  const list: unknown = body?.keys;
  if (!Array.isArray(list)) throw noAnswer(host, new StoreError('unavailable', { message: 'no key set' }));
  const keys = list.filter(isClaims).slice(0, mostKeys);
  return createLocalJWKSet({ keys } as JSONWebKeySet);
}

async function keysIn(set: KeySet, header: JWTHeaderParameters): Promise<readonly CryptoKey[]> {
  try {
    return [await set(header)];
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return [];
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    const found: CryptoKey[] = [];
    for await (const key of error) found.push(key);
    return found;
  }
}
