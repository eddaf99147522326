import { StoreError } from '../core/error.ts';

export interface KeptOptions<T> {
  readonly load: (now: number) => Promise<T>;
  /** How long a value is taken as it is. */
  readonly maxAge: number;
  /** How long an old value serves while no new one can be had. */
  readonly staleFor: number;
  /** Loads are at least this far apart, failed ones too. */
  readonly cooldown: number;
  /** The same while there is no value at all. */
  readonly retryAfter: number;
  /** Told of a load that failed while an old value served. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A value from elsewhere: loaded once for all who wait, kept, and kept on while its source is down. */
export interface Kept<T> {
  /** Throws what the load threw where there is nothing to serve. */
  get(now: number): Promise<T>;
  /** Loads anew, unless that was tried a moment ago; whether the value is now one that the source has just told. */
  renew(now: number): Promise<boolean>;
}

export function kept<T>(options: KeptOptions<T>): Kept<T> {
  const { load, maxAge, staleFor, cooldown, retryAfter } = options;
  let value: { readonly it: T; readonly at: number } | undefined;
  let tried: { readonly at: number; readonly error: unknown } | undefined;
  let flight: Promise<void> | undefined;

  const resting = (now: number): boolean =>
    tried !== undefined && Math.abs(now - tried.at) < (value === undefined ? retryAfter : cooldown);

  async function attempt(now: number): Promise<void> {
    try {
      value = { it: await load(now), at: now };
      tried = { at: now, error: undefined };
    } catch (error) {
      tried = { at: now, error };
      if (value !== undefined) options.onError?.(error);
    }
  }

  function once(now: number): Promise<void> {
    flight ??= attempt(now).finally(() => {
      flight = undefined;
    });
    return flight;
  }

  return {
    async get(now) {
      if (value !== undefined && now - value.at < maxAge) return value.it;
      if (!resting(now)) await once(now);
      if (value !== undefined && now - value.at < maxAge + staleFor) return value.it;
      throw tried?.error ?? new StoreError('unavailable', { op: 'authenticate' });
    },
    async renew(now) {
      if (!resting(now)) await once(now);
      return tried?.error === undefined;
    },
  };
}
