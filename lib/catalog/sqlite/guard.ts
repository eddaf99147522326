import type { Change } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import { spellings } from '../../core/path.ts';
import type { EntryId, Expect, Version } from '../../core/values.ts';
import { type EntryRow, entryColumns } from './rows.ts';
import { noParent } from './schema.ts';
import type { Transaction } from './transaction.ts';

const byId = `SELECT ${entryColumns} FROM entries WHERE id = ?`;
const byName = `SELECT ${entryColumns} FROM entries WHERE parent = ? AND name = ?`;

/** Ids from an entry up to the root of its home; undefined when that is not reached (removed, or gone). */
export function ancestors(tx: Transaction, id: EntryId): readonly EntryId[] | undefined {
  const line: EntryId[] = [id];
  let at = id;
  for (;;) {
    const parent = tx.db.get<[string]>('SELECT parent FROM entries WHERE id = ?', at)?.[0];
    if (parent === undefined) return undefined;
    if (parent === noParent) return line;
    if (parent.startsWith('~')) return undefined;
    line.push(parent);
    at = parent;
  }
}

/** The row of an entry that can be reached from its home. */
export function live(tx: Transaction, id: EntryId, op: string): EntryRow {
  const row = tx.db.get<EntryRow>(byId, id);
  if (row === undefined || ancestors(tx, id) === undefined) throw new StoreError('not-found', { op });
  return row;
}

export function liveFolder(tx: Transaction, id: EntryId, op: string): EntryRow {
  const row = live(tx, id, op);
  if (row[3] === 1) throw new StoreError('not-folder', { op });
  return row;
}

/** An entry of that name, in whichever spelling it was stored. */
export function childNamed(tx: Transaction, parent: EntryId, name: string): EntryRow | undefined {
  for (const spelling of spellings(name)) {
    const row = tx.db.get<EntryRow>(byName, parent, spelling);
    if (row !== undefined) return row;
  }
  return undefined;
}

export function versionOf(tx: Transaction, row: EntryRow): Version {
  return row[3] === 1 ? row[5] : tx.trees.version(row);
}

export function checkExpect(
  tx: Transaction,
  row: EntryRow | undefined,
  expect: Expect | undefined,
  op: string,
) {
  if (expect === undefined) return;
  if (expect === 'absent' ? row === undefined : row !== undefined) {
    if (expect === 'absent' || expect === 'present') return;
    if (row !== undefined && versionOf(tx, row) === expect) return;
  }
  const message =
    expect === 'absent' ? 'Something of that name exists already.' : 'It is not what it was any more.';
  throw new StoreError('stale', { op, message });
}

/** The proof that no lock came or went since the caller looked. */
export function checkGeneration(tx: Transaction, home: EntryId, change: Change, op: string): void {
  const { lockGeneration } = change;
  if (lockGeneration === undefined || tx.home(home).generation === lockGeneration) return;
  throw new StoreError('conflict', { op, message: 'A lock came or went meanwhile; check again.' });
}

/** POSIX: a folder's time of modification is that of its last member to come or go. */
export function membersChanged(tx: Transaction, change: Change, ...folders: EntryId[]): void {
  for (const id of folders) tx.db.run('UPDATE entries SET modified = ? WHERE id = ?', change.now, id);
}

/** Ends the locks that end with a change. */
export function dropLocks(tx: Transaction, home: EntryId, change: Change): void {
  let gone = 0;
  for (const token of change.drop ?? []) {
    gone += tx.db.run('DELETE FROM locks WHERE token = ? AND home = ?', token, home);
  }
  if (gone > 0) tx.touch(home).generation += 1;
}

/** Locks in a tree that left its home: nobody could ever release them. */
export function dropLocksBelow(tx: Transaction, home: EntryId): void {
  let gone = 0;
  const locks = tx.db.all<[string, string]>('SELECT token, entry FROM locks WHERE home = ?', home);
  for (const [token, entry] of locks) {
    if (ancestors(tx, entry) === undefined) gone += tx.db.run('DELETE FROM locks WHERE token = ?', token);
  }
  if (gone > 0) tx.touch(home).generation += 1;
}
