import { StoreError } from '../../core/error.ts';
import type { EntryId } from '../../core/values.ts';
import type { Transaction } from './transaction.ts';

/** Bytes below an entry, itself included. */
export function treeSize(tx: Transaction, top: EntryId): number {
  const sum = tx.db.get<[number]>(
    `WITH RECURSIVE down(id, kind, size) AS (
       SELECT id, kind, size FROM entries WHERE id = ?
       UNION ALL SELECT e.id, e.kind, e.size FROM down d JOIN entries e ON e.parent = d.id WHERE d.kind = 0)
     SELECT ifnull(sum(size), 0) FROM down`,
    top,
  );
  return sum?.[0] ?? 0;
}

/** Counts the removed folders that nobody has counted yet, at most `limit` of them; the number counted. */
export function countTrash(tx: Transaction, home: EntryId, limit = -1): number {
  const uncounted = tx.db.all<[string]>(
    'SELECT entry FROM trash WHERE home = ? AND size IS NULL AND doomed = 0 LIMIT ?',
    home,
    limit,
  );
  for (const [entry] of uncounted) {
    const size = treeSize(tx, entry);
    tx.db.run('UPDATE trash SET size = ? WHERE entry = ?', size, entry);
    tx.touch(home).trashed += size;
  }
  return uncounted.length;
}

/** Gives a removed tree up: its bytes count no more, its rows go when there is time. */
export function doom(tx: Transaction, home: EntryId, entry: EntryId, size: number): void {
  tx.db.run('UPDATE trash SET doomed = 1 WHERE entry = ?', entry);
  const counters = tx.touch(home);
  counters.used -= size;
  counters.trashed -= size;
  tx.stirred.add(home);
}

/** Takes `delta` more bytes into a home. Where the quota would not hold, the oldest trash goes first. */
export function account(tx: Transaction, home: EntryId, delta: number, op: string): void {
  if (delta === 0) return;
  const counters = tx.touch(home);
  const { quota } = counters;
  if (quota !== null && delta > 0 && counters.used + delta > quota) {
    if (countTrash(tx, home) >= 0 && counters.used - counters.trashed + delta > quota) {
      const room = Math.max(0, quota - counters.used + counters.trashed);
      const message = `That needs ${delta} bytes more and the quota leaves ${room}; delete something or ask for more.`;
      throw new StoreError('no-space', { op, message });
    }
    const oldest = tx.db.all<[string, number]>(
      'SELECT entry, size FROM trash WHERE home = ? AND doomed = 0 ORDER BY removed, entry',
      home,
    );
    for (const [entry, size] of oldest) {
      if (counters.used + delta <= quota) break;
      doom(tx, home, entry, size);
    }
  }
  counters.used += delta;
}
