import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';
import { type Ask, unanswered } from './ask.ts';
import { isClaims } from './claim.ts';
import { type Kept, kept } from './kept.ts';

export interface IssuerKeysOptions {
  /** Names the issuer in messages. */
  readonly who: string;
  /** Where the keys are; asked again with each fetch, since an issuer may move them. */
  readonly url: (now: number) => Promise<string>;
  readonly ask: Ask;
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
export function issuerKeys({ who, url, ask, onError }: IssuerKeysOptions): IssuerKeys {
  const keys: Kept<KeySet> = kept({
    load: async (now) => keySet(await url(now), ask, who),
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
      if (again.length === 0 && !told) throw unanswered(who);
      return again;
    },
  };
}

async function keySet(url: string, ask: Ask, who: string): Promise<KeySet> {
  const { status, body } = await ask(url);
  const list: unknown = isClaims(body) ? body.keys : undefined;
  if (!Array.isArray(list)) throw unanswered(who, new Error(`status ${status} and no key set`));
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
