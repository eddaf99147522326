import type { Change, Place, Written } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Entry, EntryId } from '../../core/values.ts';
import {
  ancestors,
  checkExpect,
  checkGeneration,
  childNamed,
  dropLocks,
  dropLocksBelow,
  live,
  liveFolder,
  membersChanged,
} from './guard.ts';
import { type EntryRow, entryColumns } from './rows.ts';
import { noParent, trashOf } from './schema.ts';
import type { Transaction } from './transaction.ts';

const kindOf = (row: EntryRow) => (row[3] === 1 ? 'file' : 'folder');

/** The row as it is now, with its version. */
export function seen(tx: Transaction, id: EntryId): Entry {
  const row = tx.db.get<EntryRow>(`SELECT ${entryColumns} FROM entries WHERE id = ?`, id);
  if (row === undefined)
    throw new StoreError('internal', { message: 'An entry vanished in its transaction.' });
  return tx.trees.entry(row);
}

/** Hangs a tree under the trash, whatever its size: from then on no walk up from it reaches the home. */
export function detach(tx: Transaction, row: EntryRow, change: Change): void {
  const [id, parent, home, kind, name, , size] = row;
  tx.db.run(
    'UPDATE entries SET parent = ?, name = ? WHERE parent = ? AND name = ?',
    trashOf(home),
    id,
    parent,
    name,
  );
  tx.db.run(
    'INSERT INTO trash(entry, home, parent, name, removed, by, size) VALUES(?, ?, ?, ?, ?, ?, ?)',
    ...[id, home, parent, name, change.now, change.by, kind === 1 ? size : null],
  );
  if (kind === 1) tx.touch(home).trashed += size;
  tx.stirred.add(home);
  dropLocksBelow(tx, home);
}

export function remove(tx: Transaction, id: EntryId, change: Change): void {
  const op = 'catalog.remove';
  const row = live(tx, id, op);
  const [, parent, home, , name] = row;
  if (parent === noParent) throw new StoreError('denied', { op, message: 'A home cannot be removed.' });
  checkGeneration(tx, home, change, op);
  checkExpect(tx, row, change.expect, op);
  detach(tx, row, change);
  tx.record(home, change, { op: 'remove', entry: id, kind: kindOf(row), parent, name });
  membersChanged(tx, change, parent);
  dropLocks(tx, home, change);
}

/** What a move or a copy finds at its destination; the two may not be one. */
export function destination(tx: Transaction, source: EntryRow, to: Place, change: Change, op: string) {
  const parent = liveFolder(tx, to.parent, op);
  checkGeneration(tx, parent[2], change, op);
  const target = childNamed(tx, parent[0], to.name);
  if (target?.[0] === source[0]) {
    throw new StoreError('invalid', { op, message: 'Source and destination are the same.' });
  }
  checkExpect(tx, source, change.source, op);
  checkExpect(tx, target, change.expect, op);
  return { parent: parent[0], home: parent[2], target, name: target?.[4] ?? to.name };
}

export function notBelow(tx: Transaction, source: EntryRow, parent: EntryId, op: string): void {
  if (source[3] === 1 || ancestors(tx, parent)?.includes(source[0]) !== true) return;
  throw new StoreError('invalid', { op, message: 'A folder cannot go below itself.' });
}

export function move(tx: Transaction, id: EntryId, to: Place, change: Change): Written {
  const op = 'catalog.move';
  const row = live(tx, id, op);
  const [, oldParent, home, , oldName] = row;
  if (oldParent === noParent) throw new StoreError('denied', { op, message: 'A home cannot be moved.' });
  const { parent, home: toHome, target, name } = destination(tx, row, to, change, op);
  if (toHome !== home) {
    throw new StoreError('unsupported', {
      op,
      message: 'Nothing moves from home to home; copy it and remove it.',
    });
  }
  notBelow(tx, row, parent, op);
  if (target !== undefined) detach(tx, target, change);
  tx.db.run('UPDATE entries SET parent = ?, name = ? WHERE id = ?', parent, name, id);
  tx.record(home, change, { op: 'move', entry: id, kind: kindOf(row), parent, name, oldParent, oldName });
  membersChanged(tx, change, oldParent, parent);
  if (target !== undefined) dropLocksBelow(tx, home);
  dropLocks(tx, home, change);
  return { entry: seen(tx, id), created: target === undefined };
}

/** Out of the trash. The versions below stay, since nothing there changed. */
export function restore(tx: Transaction, id: EntryId, to: Place | undefined, change: Change): Entry {
  const op = 'catalog.restore';
  const record = tx.db.get<[string, string, string, number | null]>(
    'SELECT home, parent, name, size FROM trash WHERE entry = ? AND doomed = 0',
    id,
  );
  if (record === undefined) throw new StoreError('not-found', { op });
  const [home, oldParent, oldName, size] = record;
  const parent = liveFolder(tx, to?.parent ?? oldParent, op);
  if (parent[2] !== home) throw new StoreError('unsupported', { op, message: 'Trash stays in its home.' });
  checkGeneration(tx, home, change, op);
  const name = to?.name ?? oldName;
  const target = childNamed(tx, parent[0], name);
  if (target !== undefined) {
    const expected = change.expect === undefined || change.expect === 'present';
    throw new StoreError(expected ? 'exists' : 'stale', {
      op,
      message: 'Something of that name exists already.',
    });
  }
  tx.db.run('UPDATE entries SET parent = ?, name = ? WHERE id = ?', parent[0], name, id);
  tx.db.run('DELETE FROM trash WHERE entry = ?', id);
  if (size !== null) tx.touch(home).trashed -= size;
  const kind =
    tx.db.get<[number]>('SELECT kind FROM entries WHERE id = ?', id)?.[0] === 1 ? 'file' : 'folder';
  tx.record(home, change, { op: 'restore', entry: id, kind, parent: parent[0], name });
  membersChanged(tx, change, parent[0]);
  dropLocks(tx, home, change);
  return seen(tx, id);
}
