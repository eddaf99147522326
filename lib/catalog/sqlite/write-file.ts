import type { Change, FileDraft, Splice, Written } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Entry, EntryId, Extent } from '../../core/values.ts';
import {
  checkExpect,
  checkGeneration,
  childNamed,
  dropLocks,
  live,
  liveFolder,
  membersChanged,
} from './guard.ts';
import { type Stored, spliceExtents, writeExtents } from './layouts.ts';
import { account } from './quota.ts';
import { type EntryRow, toEntry, toJson } from './rows.ts';
import type { Transaction } from './transaction.ts';

/** Ids for what an operation makes; a file of Girder's has two. */
export interface NewIds {
  readonly id: EntryId;
  readonly file: EntryId;
}

function keepBody(tx: Transaction, extents: readonly Extent[], body: Uint8Array | undefined): void {
  const ref = extents.find((extent) => extent.ref !== null)?.ref;
  if (body === undefined || ref == null) return;
  tx.db.run('INSERT INTO bodies(ref, body) VALUES(?, ?) ON CONFLICT DO NOTHING', ref, body);
}

export function put(tx: Transaction, draft: FileDraft, change: Change, ids: NewIds): Written {
  const op = 'catalog.put';
  const parent = liveFolder(tx, draft.parent, op);
  const home = parent[2];
  checkGeneration(tx, home, change, op);
  const old = childNamed(tx, parent[0], draft.name);
  if (old?.[3] === 0) throw new StoreError('is-folder', { op });
  checkExpect(tx, old, change.expect, op);
  account(tx, home, draft.size - (old?.[6] ?? 0), op);
  keepBody(tx, draft.extents, draft.body);
  const row = old === undefined ? create(tx, draft, change, home, ids) : overwrite(tx, draft, change, old);
  const [id, , , , name] = row;
  tx.record(home, change, { op: 'put', entry: id, kind: 'file', parent: parent[0], name });
  if (old === undefined) membersChanged(tx, change, parent[0]);
  dropLocks(tx, home, change);
  return { entry: toEntry(row, draft.version), created: old === undefined };
}

function create(tx: Transaction, draft: FileDraft, change: Change, home: EntryId, ids: NewIds): EntryRow {
  const stored = writeExtents(tx.db, ids.id, draft.extents, false);
  const row: EntryRow = [
    ids.id,
    draft.parent,
    home,
    1,
    draft.name,
    draft.version,
    draft.size,
    draft.created ?? change.now,
    draft.modified,
    change.by,
    draft.mode ?? null,
    draft.mime ?? null,
    null,
    toJson(draft.checksums),
    0,
  ];
  insertRow(tx, row, { file: ids.file, changed: change.now, ...stored });
  return row;
}

export interface Hidden extends Stored {
  readonly file: EntryId | null;
  readonly changed: number;
}

export function insertRow(tx: Transaction, row: EntryRow, hidden: Hidden): void {
  const [id, parent, home, kind, name, ...rest] = row;
  const { file, changed, parts, blob } = hidden;
  tx.db.run(
    'INSERT INTO entries VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[parent, name, id, kind, home, ...rest, file, changed, parts, blob],
  );
}

/** A new content under the old id: rights, properties and time of creation stay; the type is told anew. */
function overwrite(tx: Transaction, draft: FileDraft, change: Change, old: EntryRow): EntryRow {
  const [id, parent, , , name] = old;
  const stored = writeExtents(tx.db, id, draft.extents, layoutOf(tx, id).blob === null);
  const row: EntryRow = [
    ...([id, parent, old[2], 1, name, draft.version, draft.size] as const),
    draft.created ?? old[7],
    draft.modified,
    old[9],
    draft.mode ?? old[10],
    draft.mime ?? null,
    old[12],
    toJson(draft.checksums),
    0,
  ];
  tx.db.run(
    'UPDATE entries SET version = ?, size = ?, created = ?, modified = ?, mode = ?, mime = ?, checksums = ?, changed = ?, parts = ?, blob = ? WHERE parent = ? AND name = ?',
    ...[row[5], row[6], row[7], row[8], row[10], row[11], row[13]],
    ...[change.now, stored.parts, stored.blob, parent, name],
  );
  return row;
}

function layoutOf(tx: Transaction, id: EntryId): Stored {
  const [blob, parts] = tx.db.get<[string | null, number]>(
    'SELECT blob, parts FROM entries WHERE id = ?',
    id,
  ) ?? [null, 0];
  return { blob, parts };
}

export function splice(tx: Transaction, id: EntryId, piece: Splice, change: Change): Entry {
  const op = 'catalog.splice';
  const row = live(tx, id, op);
  if (row[3] === 0) throw new StoreError('is-folder', { op });
  const [, parent, home, , name, , size] = row;
  checkGeneration(tx, home, change, op);
  checkExpect(tx, row, change.expect, op);
  const offset = piece.offset === 'append' ? size : piece.offset;
  const { extents } = piece;
  const cut = piece.size === undefined ? {} : { size: piece.size };
  const stored = spliceExtents(tx.db, { id, size, ...layoutOf(tx, id) }, { offset, extents, ...cut });
  account(tx, home, stored.size - size, op);
  keepBody(tx, extents, piece.body);
  tx.db.run(
    'UPDATE entries SET version = ?, size = ?, modified = ?, checksums = NULL, changed = ?, parts = ?, blob = ? WHERE parent = ? AND name = ?',
    ...[piece.version, stored.size, piece.modified, change.now, stored.parts, stored.blob, parent, name],
  );
  tx.record(home, change, { op: 'put', entry: id, kind: 'file', parent, name });
  dropLocks(tx, home, change);
  const changed = row.with(5, piece.version).with(6, stored.size).with(8, piece.modified).with(13, null);
  return toEntry(changed as unknown as EntryRow, piece.version);
}

/** The bytes stay, so neither journal nor version change. A file in the trash may be made whole, too. */
export function compact(tx: Transaction, id: EntryId, version: string, extents: readonly Extent[]): void {
  const op = 'catalog.compact';
  const row = tx.db.get<[string, number, number]>('SELECT version, size, kind FROM entries WHERE id = ?', id);
  if (row === undefined || row[2] === 0) throw new StoreError('not-found', { op });
  if (row[0] !== version) throw new StoreError('conflict', { op, message: 'The file changed meanwhile.' });
  const size = extents.reduce((sum, extent) => sum + extent.length, 0);
  if (size !== row[1]) {
    throw new StoreError('invalid', { op, message: 'The extents do not add up to the size of the file.' });
  }
  const stored = writeExtents(tx.db, id, extents, true);
  tx.db.run('UPDATE entries SET parts = ?, blob = ? WHERE id = ?', stored.parts, stored.blob, id);
}
