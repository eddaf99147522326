import { createHmac, type KeyObject } from 'node:crypto';
import { isStoreError, StoreError } from '../core/error.ts';
import { subkey } from './server-key.ts';

export interface VerdictCacheOptions {
  readonly key: KeyObject;
  /** Milliseconds that a good answer counts without asking again. */
  readonly fresh: number;
  /** The same of a refusal. */
  readonly refused: number;
  /** Milliseconds that a good answer may stand in, as stale, while the other side cannot be asked. */
  readonly stale: number;
  /** Good answers kept, and as many refusals; the least recently used go first. */
  readonly kept?: number;
  /** Questions under way at once; secrets never seen to be good may take half of them. */
  readonly flights?: number;
}

export interface Verdict<T> {
  /** `nameOf` the secret. */
  readonly name: string;
  readonly value: T;
  /** The other side could not be asked: this is what it said before. */
  readonly stale: boolean;
}

export interface VerdictCache<T> {
  /**
   * What the other side says of a secret; undefined: it refuses it. `ask` throws `unavailable` where it cannot be
   * asked, and so does this where no earlier answer may stand in.
   */
  verdict(secret: string, now: number, ask: () => Promise<T | undefined>): Promise<Verdict<T> | undefined>;
  /** A name for the secret in logs and caches, which does not give it away. */
  nameOf(secret: string): string;
}

interface Held<T> {
  readonly value: T;
  readonly asked: number;
  /** When the other side could last not be asked about it. */
  readonly failed: number;
}

const purpose = 'hearth verdicts on tokens v1';
/** After a failure the other side is left alone this long about a secret whose earlier answer can stand in. */
export const failurePause = 2_000;

/** Answers of another service about secrets, which are kept under a keyed hash of the secret alone. */
export function verdictCache<T>(options: VerdictCacheOptions): VerdictCache<T> {
  const { fresh, refused, stale, kept = 10_000, flights: most = 64 } = options;
  const key = subkey(options.key, purpose);
  const good = new Map<string, Held<T>>();
  const bad = new Map<string, number>();
  const flights = new Map<string, Promise<T | undefined>>();

  const nameOf = (secret: string): string => createHmac('sha256', key).update(secret).digest('base64url');

  async function question(name: string, now: number, ask: () => Promise<T | undefined>) {
    try {
      const value = await ask();
      if (value === undefined) {
        good.delete(name);
        put(bad, name, now, kept);
      } else {
        bad.delete(name);
        put(good, name, { value, asked: now, failed: -Infinity }, kept);
      }
      return value;
    } catch (error) {
      const held = good.get(name);
      if (held !== undefined) good.set(name, { ...held, failed: now });
      throw error;
    }
  }

  /** One question for all who wait for the same answer. */
  function flight(name: string, now: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const under = flights.get(name);
    if (under !== undefined) return under;
    if (flights.size >= (good.has(name) ? most : most / 2)) throw busy();
    const started = question(name, now, ask).finally(() => flights.delete(name));
    flights.set(name, started);
    return started;
  }

  async function verdict(secret: string, now: number, ask: () => Promise<T | undefined>) {
    const name = nameOf(secret);
    const held = good.get(name);
    if (held !== undefined && within(now - held.asked, fresh)) {
      put(good, name, held, kept);
      return { name, value: held.value, stale: false };
    }
    if (within(now - (bad.get(name) ?? -Infinity), refused)) return undefined;
    const standIn = held !== undefined && within(now - held.asked, fresh + stale) ? held : undefined;
    if (standIn !== undefined && within(now - standIn.failed, failurePause)) {
      return { name, value: standIn.value, stale: true };
    }
    try {
      const value = await flight(name, now, ask);
      return value === undefined ? undefined : { name, value, stale: false };
    } catch (error) {
      if (standIn === undefined || !isStoreError(error, 'unavailable')) throw error;
      return { name, value: standIn.value, stale: true };
    }
  }

  return { verdict, nameOf };
}

/** A clock that went back makes nothing last longer. */
const within = (age: number, limit: number): boolean => age >= 0 && age < limit;

function put<V>(map: Map<string, V>, name: string, value: V, kept: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size <= kept) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

const busy = (): StoreError =>
  new StoreError('unavailable', {
    op: 'authenticate',
    message: 'Too many credentials are being checked at once; try again shortly.',
  });
