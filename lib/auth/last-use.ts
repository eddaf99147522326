import type { Accounts } from '../core/contracts.ts';
import type { TokenRecord } from '../core/values.ts';

/** A token's last use is written down at most this often. */
export const touchEvery = 60_000;
const touchesKept = 10_000;

/** Writes last uses down, now and then, while the request goes on; `onError` hears where it could not. */
export function lastUse(
  accounts: Pick<Accounts, 'touchToken'>,
  onError?: (error: unknown) => void,
): (record: TokenRecord, now: number) => void {
  const touched = new Map<string, number>();
  return (record, now) => {
    const last = Math.max(record.lastUsed ?? 0, touched.get(record.id) ?? 0);
    if (now - last < touchEvery) return;
    if (touched.size >= touchesKept) touched.clear();
    touched.set(record.id, now);
    accounts.touchToken(record.id, now).catch((error: unknown) => onError?.(error));
  };
}
