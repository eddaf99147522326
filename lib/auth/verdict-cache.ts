import { isStoreError, StoreError } from '../core/error.ts';
import { timedOut } from './ask.ts';
import type { TokenName } from './keyed-hash.ts';
import { recentMap } from './recent-map.ts';

export interface VerdictCacheOptions {
  /** Milliseconds that a good answer counts without asking again. */
  readonly fresh: number;
  /** Milliseconds that a good answer may stand in after that, as stale, while the other side cannot be asked. */
  readonly stale: number;
  /** Good answers kept, and as many refusals; the least recently used go first. */
  readonly kept?: number;
  /** Questions under way at once; secrets never seen to be good may take half of them. */
  readonly flights?: number;
  /** Told, now and then, why the other side cannot be asked. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface Verdict<T> {
  readonly value: T;
  /** The other side could not be asked: this is what it said before. */
  readonly stale: boolean;
}

/** Undefined: refused; or throws `unauthenticated`, to say why. Throws `unavailable` where nobody can be asked. */
export type Question<T> = () => Promise<T | undefined>;

/** Answers of another service about secrets, which are known by their names alone. */
export interface VerdictCache<T> {
  /** As the question, but for `unavailable` where an earlier answer may stand in. */
  verdict(name: TokenName, now: number, ask: Question<T>): Promise<Verdict<T> | undefined>;
}

interface Held<T> {
  readonly value: T;
  readonly asked: number;
  /** When the other side could last not be asked about it. */
  readonly failed: number;
}

interface Failure {
  readonly at: number;
  readonly error: unknown;
}

/** Milliseconds that a refusal counts. */
export const refusedFor = 5_000;
/**
 * After a failure the other side is left alone this long about the same secret; and, where no answer came in time, about
 * all that were never seen to be good, so that nobody waits once more for what is down.
 */
export const failurePause = 2_000;
/** Failures are told at most this often. */
const tellEvery = 10_000;

export function verdictCache<T>(options: VerdictCacheOptions): VerdictCache<T> {
  const { fresh, stale, kept = 10_000, flights: most = 128 } = options;
  const good = recentMap<Held<T>>(kept);
  const bad = recentMap<number>(kept);
  const flights = new Map<TokenName, Promise<T | undefined>>();
  let failure: Failure | undefined;
  let told = -Infinity;

  function tell(error: unknown, now: number): void {
    if (within(now - told, tellEvery)) return;
    told = now;
    options.onError?.(error);
  }

  async function question(name: TokenName, now: number, ask: Question<T>): Promise<T | undefined> {
    try {
      const value = await ask();
      if (value === undefined) refuse(name, now);
      else {
        bad.delete(name);
        good.set(name, { value, asked: now, failed: -Infinity });
      }
      return value;
    } catch (error) {
      if (isStoreError(error, 'unauthenticated')) refuse(name, now);
      if (isStoreError(error, 'unavailable')) {
        const held = good.get(name);
        if (held !== undefined) good.set(name, { ...held, failed: now });
        if (timedOut(error)) failure = { at: now, error };
        tell(error, now);
      }
      throw error;
    }
  }

  function refuse(name: TokenName, now: number): void {
    good.delete(name);
    bad.set(name, now);
  }

  /** One question for all who wait for the same answer. */
  function flight(name: TokenName, now: number, ask: Question<T>): Promise<T | undefined> {
    const under = flights.get(name);
    if (under !== undefined) return under;
    const known = good.has(name);
    if (!known && failure !== undefined && within(now - failure.at, failurePause)) {
      tell(failure.error, now);
      throw failure.error;
    }
    if (flights.size >= (known ? most : most / 2)) throw busy();
    const started = question(name, now, ask).finally(() => flights.delete(name));
    flights.set(name, started);
    return started;
  }

  return {
    async verdict(name, now, ask) {
      const held = good.get(name);
      if (held !== undefined && within(now - held.asked, fresh)) return { value: held.value, stale: false };
      if (within(now - (bad.get(name) ?? -Infinity), refusedFor)) return undefined;
      const standIn = held !== undefined && within(now - held.asked, fresh + stale) ? held : undefined;
      if (standIn !== undefined && within(now - standIn.failed, failurePause)) {
        return { value: standIn.value, stale: true };
      }
      try {
        const value = await flight(name, now, ask);
        return value === undefined ? undefined : { value, stale: false };
      } catch (error) {
        if (standIn === undefined || !isStoreError(error, 'unavailable')) throw error;
        return { value: standIn.value, stale: true };
      }
    },
  };
}

/** A clock that went back makes nothing last longer. */
const within = (age: number, limit: number): boolean => age >= 0 && age < limit;

const busy = (): StoreError =>
  new StoreError('unavailable', {
    op: 'authenticate',
    message: 'Too many credentials are being checked at once; try again shortly.',
  });
