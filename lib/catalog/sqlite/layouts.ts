import { StoreError } from '../../core/error.ts';
import type { EntryId, Extent } from '../../core/values.ts';
import { joined, lengthOf, spliced } from '../extents.ts';
import type { Database } from './database.ts';
import { type ExtentRow, toExtent } from './rows.ts';

/** Extents that a file may have before it must be compacted. */
export const extentsMax = 4096;

/** What the row of a file keeps of its layout: a content in one blob stands in `blob` alone. */
export interface Stored {
  readonly blob: string | null;
  readonly parts: number;
}

const wholeOf = (extents: readonly Extent[]): string | null => {
  const [first] = extents;
  return extents.length === 1 && first?.offset === 0 ? first.ref : null;
};

export function readExtents(db: Database, id: EntryId, size: number, blob: string | null): readonly Extent[] {
  if (blob !== null) return size === 0 ? [] : [{ ref: blob, offset: 0, length: size }];
  const rows = db.all<ExtentRow>('SELECT ref, offset, length FROM extents WHERE entry = ? ORDER BY at', id);
  return rows.map(toExtent);
}

function insert(db: Database, id: EntryId, start: number, extents: readonly Extent[]): void {
  let at = start;
  for (const { ref, offset, length } of extents) {
    db.run('INSERT INTO extents VALUES(?, ?, ?, ?, ?)', id, at, ref, offset, length);
    at += length;
  }
}

/** Replaces the whole of a layout. `had`: whether rows of an older one may stand there. */
export function writeExtents(db: Database, id: EntryId, extents: readonly Extent[], had: boolean): Stored {
  if (had) db.run('DELETE FROM extents WHERE entry = ?', id);
  const parts = joined(extents);
  if (parts.length > extentsMax) throw tooMany();
  const blob = wholeOf(parts);
  if (blob === null) insert(db, id, 0, parts);
  return { blob, parts: parts.length };
}

export interface Piece {
  readonly offset: number;
  readonly extents: readonly Extent[];
  readonly size?: number;
}

/** Changes the rows that a splice touches and no others: an append to a file of many extents costs one row. */
export function spliceExtents(
  db: Database,
  file: { readonly id: EntryId; readonly size: number; readonly blob: string | null; readonly parts: number },
  piece: Piece,
): Stored & { readonly size: number } {
  const { id, size } = file;
  if (file.blob !== null && size > 0) {
    insert(db, id, 0, [{ ref: file.blob, offset: 0, length: size }]);
  }
  const from = Math.min(piece.offset, piece.size ?? size, size);
  const to = piece.size === undefined ? piece.offset + lengthOf(piece.extents) : Number.MAX_SAFE_INTEGER;
  // The extent before the first one touched and the one after the last may join.
  const first =
    db.get<[number]>(
      'SELECT at FROM extents WHERE entry = ? AND at < ? ORDER BY at DESC LIMIT 1',
      id,
      from,
    )?.[0] ?? 0;
  const window = db.all<[...ExtentRow, number]>(
    'SELECT ref, offset, length, at FROM extents WHERE entry = ? AND at >= ? AND at <= ? ORDER BY at',
    id,
    first,
    to,
  );
  const old = window.map(([ref, offset, length]) => toExtent([ref, offset, length]));
  const fresh = spliced(
    old,
    piece.offset - first,
    piece.extents,
    piece.size === undefined ? undefined : piece.size - first,
  );
  db.run('DELETE FROM extents WHERE entry = ? AND at >= ? AND at <= ?', id, first, to);
  insert(db, id, first, fresh);
  const parts = file.parts - old.length + fresh.length;
  if (parts > extentsMax) throw tooMany();
  const grown = size - lengthOf(old) + lengthOf(fresh);
  const blob = first === 0 && parts === 1 ? wholeOf(fresh) : null;
  if (blob !== null) db.run('DELETE FROM extents WHERE entry = ?', id);
  return { blob, parts, size: grown };
}

function tooMany(): StoreError {
  const message =
    'The file is in too many pieces; wait until it is made whole in the background, and try again.';
  return new StoreError('unavailable', { op: 'catalog.splice', message });
}
