import type { BlobRef, EntryId } from '../../core/values.ts';
import { countTrash, doom } from './quota.ts';
import type { Transaction } from './transaction.ts';

type Row = readonly [id: string, kind: number, name: string, blob: string | null];

/** Deletes rows of one given-up tree, leaves first, so that what is left always hangs together. */
function deleteBelow(tx: Transaction, top: EntryId, limit: number): number {
  let deleted = 0;
  const line: EntryId[] = [top];
  while (line.length > 0) {
    const folder = line.at(-1) as EntryId;
    const children = tx.db.all<Row>(
      'SELECT id, kind, name, blob FROM entries WHERE parent = ? LIMIT ?',
      folder,
      Math.max(1, limit - deleted),
    );
    const inner = children.find((child) => child[1] === 0);
    for (const [id, kind, name, blob] of children) {
      if (kind === 0) continue;
      if (deleted >= limit) return deleted;
      if (blob === null) tx.db.run('DELETE FROM extents WHERE entry = ?', id);
      deleted += tx.db.run('DELETE FROM entries WHERE parent = ? AND name = ?', folder, name);
    }
    if (inner !== undefined) line.push(inner[0]);
    else if (children.length === 0) {
      if (deleted >= limit) return deleted;
      tx.db.run('DELETE FROM extents WHERE entry = ?', folder);
      deleted += tx.db.run('DELETE FROM entries WHERE id = ?', folder);
      line.pop();
    }
  }
  tx.db.run('DELETE FROM trash WHERE entry = ?', top);
  return deleted;
}

/** Deletes up to `limit` rows of given-up trees, of one home where it is named; the number deleted. */
export function deleteDoomed(tx: Transaction, limit: number, home?: EntryId): number {
  let deleted = 0;
  while (deleted < limit) {
    const top = tx.db.get<[string]>(
      'SELECT entry FROM trash WHERE doomed = 1 AND (?1 IS NULL OR home = ?1) LIMIT 1',
      home ?? null,
    )?.[0];
    if (top === undefined) break;
    deleted += deleteBelow(tx, top, limit - deleted);
  }
  return deleted;
}

export function sweep(tx: Transaction, before: number, limit: number, home?: EntryId): number {
  let deleted = deleteDoomed(tx, limit, home);
  while (deleted < limit) {
    const oldest = tx.db.get<[string, string, number | null]>(
      home === undefined
        ? 'SELECT entry, home, size FROM trash WHERE doomed = 0 AND removed < ? ORDER BY removed LIMIT 1'
        : 'SELECT entry, home, size FROM trash WHERE doomed = 0 AND removed < ? AND home = ? ORDER BY removed LIMIT 1',
      ...(home === undefined ? [before] : [before, home]),
    );
    if (oldest === undefined) break;
    const [entry, of, size] = oldest;
    if (size === null) countTrash(tx, of);
    const counted = size ?? tx.db.get<[number]>('SELECT size FROM trash WHERE entry = ?', entry)?.[0] ?? 0;
    doom(tx, of, entry, counted);
    deleted += deleteDoomed(tx, limit - deleted, of);
  }
  return deleted;
}

/** One step in taking an erased home away; 0 once nothing is left of it. */
export function sweepHome(tx: Transaction, home: EntryId, limit: number): number {
  if (tx.db.get('SELECT 1 FROM users WHERE home = ?', home) !== undefined) return 0;
  const rows = deleteDoomed(tx, limit, home);
  if (rows > 0) return rows;
  const records = tx.db.run(
    'DELETE FROM journal WHERE home = ?1 AND seq < (SELECT min(seq) FROM journal WHERE home = ?1) + ?2',
    home,
    limit,
  );
  if (records > 0) return records;
  tx.forget(home);
  return tx.db.run('DELETE FROM homes WHERE id = ?', home);
}

export function arrived(tx: Transaction, refs: readonly BlobRef[]): void {
  for (const ref of refs) tx.db.run('DELETE FROM bodies WHERE ref = ?', ref);
}

/** Journal records of one home that are old enough, never those that tree versions still rest on. */
export function expireJournal(tx: Transaction, home: EntryId, before: number, limit: number): number {
  tx.fold(home);
  const last = tx.db.get<[number | null]>(
    `SELECT max(seq) FROM (SELECT seq, at FROM journal WHERE home = ? ORDER BY seq LIMIT ?) WHERE at < ?`,
    ...[home, limit, before],
  )?.[0];
  if (last == null) return 0;
  tx.db.run('UPDATE homes SET floor = max(floor, ?) WHERE id = ?', last, home);
  return tx.db.run('DELETE FROM journal WHERE home = ? AND seq <= ?', home, last);
}

export function expire(tx: Transaction, now: number): void {
  tx.db.run('DELETE FROM tokens WHERE expires IS NOT NULL AND expires <= ?', now);
  tx.db.run('DELETE FROM uploads WHERE expires <= ?', now);
  for (const [home] of tx.db.all<[string]>('SELECT DISTINCT home FROM locks WHERE expires <= ?', now)) {
    tx.touch(home).generation += 1;
  }
  tx.db.run('DELETE FROM locks WHERE expires <= ?', now);
}

/** What may wait until nobody waits: folds journals, counts removed trees, deletes given-up ones. */
export function settle(tx: Transaction, home: EntryId, limit: number): boolean {
  if (tx.db.get('SELECT 1 FROM users WHERE home = ?', home) === undefined)
    return sweepHome(tx, home, limit) > 0;
  tx.fold(home);
  const counted = countTrash(tx, home, 1);
  return counted + deleteDoomed(tx, limit, home) > 0;
}
