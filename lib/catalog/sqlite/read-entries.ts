import { setImmediate as turn } from 'node:timers/promises';
import type { Resolved } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import { spellings } from '../../core/path.ts';
import type { BlobRef, Entry, EntryId, JournalRecord, Layout, TrashRecord } from '../../core/values.ts';
import { readExtents } from './layouts.ts';
import { type EntryRow, entryColumns, toEntry } from './rows.ts';
import type { Snapshot } from './snapshot.ts';

const byName = `SELECT ${entryColumns} FROM entries WHERE parent = ? AND name = ?`;
const page = `SELECT ${entryColumns} FROM entries WHERE parent = ? AND name > ? ORDER BY name LIMIT ?`;

export function entry(snapshot: Snapshot, id: EntryId): Entry | undefined {
  return snapshot.keep(`e${id}`, () => {
    const row = snapshot.line(id)?.at(-1);
    return row === undefined ? undefined : snapshot.trees.entry(row);
  });
}

export function resolve(snapshot: Snapshot, from: EntryId, names: readonly string[]): Resolved | undefined {
  return snapshot.keep(`r${from}/${names.join('/')}`, () => {
    const line = snapshot.line(from);
    const home = line?.[0]?.[2];
    if (line === undefined || home === undefined) return undefined;
    const rows = [...line];
    let found = 0;
    for (const name of names) {
      const parent = rows.at(-1);
      const row = parent === undefined || parent[3] === 1 ? undefined : child(snapshot, parent[0], name);
      if (row === undefined) break;
      rows.push(row);
      found += 1;
    }
    const version = snapshot.trees.versions(home);
    return {
      chain: rows.map((row) => toEntry(row, row[3] === 1 ? row[5] : version(row))),
      missing: names.slice(found),
    };
  });
}

function child(snapshot: Snapshot, parent: EntryId, name: string): EntryRow | undefined {
  for (const spelling of spellings(name)) {
    const row = snapshot.db.get<EntryRow>(byName, parent, spelling);
    if (row !== undefined) return row;
  }
  return undefined;
}

/** A small page first, so that a listing starts at once. */
const firstPage = 64;
const nextPage = 512;

export async function* children(
  snapshot: Snapshot,
  parent: EntryId,
  after = '',
): AsyncIterable<readonly Entry[]> {
  let from = after;
  for (let limit = firstPage; ; limit = nextPage) {
    const entries = snapshot.within(() => {
      const home = snapshot.line(parent)?.[0]?.[2];
      if (home === undefined) return [];
      const version = snapshot.trees.versions(home);
      const rows = snapshot.db.all<EntryRow>(page, parent, from, limit);
      return rows.map((row) => toEntry(row, row[3] === 1 ? row[5] : version(row)));
    });
    if (entries.length > 0) yield entries;
    const last = entries.at(-1);
    if (last === undefined || entries.length < limit) return;
    from = last.name;
    await turn();
  }
}

export function body(snapshot: Snapshot, ref: BlobRef): Uint8Array | undefined {
  return snapshot.db.get<[Uint8Array<ArrayBuffer>]>('SELECT body FROM bodies WHERE ref = ?', ref)?.[0];
}

export function layout(snapshot: Snapshot, id: EntryId): Layout | undefined {
  return snapshot.within(() => (snapshot.isLive(id) ? layoutRow(snapshot, id) : undefined));
}

/** Whether or not the entry can be reached. */
export function layoutRow(snapshot: Snapshot, id: EntryId): Layout | undefined {
  const { db } = snapshot;
  const row = db.get<[number, string, number, string | null]>(
    'SELECT kind, version, size, blob FROM entries WHERE id = ?',
    id,
  );
  if (row === undefined || row[0] === 0) return undefined;
  const [, version, size, blob] = row;
  const extents = readExtents(db, id, size, blob);
  const whole = blob === null || size === 0 ? undefined : body(snapshot, blob)?.subarray(0, size);
  return { version, size, extents, ...(whole === undefined ? {} : { body: whole }) };
}

export function changes(snapshot: Snapshot, home: EntryId, since: number, limit: number) {
  return snapshot.within(() => {
    const marks = snapshot.db.get<[number, number]>('SELECT seq, floor FROM homes WHERE id = ?', home);
    if (marks === undefined) throw new StoreError('not-found', { op: 'catalog.changes' });
    const [seq, floor] = marks;
    if (since < floor || since > seq) {
      const message = 'The journal does not reach that far; list everything anew.';
      throw new StoreError('stale', { op: 'catalog.changes', message });
    }
    const rows = snapshot.db.all(
      `SELECT seq, at, by, op, entry, kind, parent, name, oldParent, oldName FROM journal
       WHERE home = ? AND seq > ? ORDER BY seq LIMIT ?`,
      ...[home, since, limit],
    );
    return rows.map(
      (row): JournalRecord => ({
        seq: row[0] as number,
        at: row[1] as number,
        by: row[2] as string,
        op: row[3] as JournalRecord['op'],
        entry: row[4] as string,
        kind: row[5] === 1 ? 'file' : 'folder',
        parent: row[6] as string,
        name: row[7] as string,
        oldParent: row[8] as string | null,
        oldName: row[9] as string | null,
      }),
    );
  });
}

type TrashRow = readonly [
  ...EntryRow,
  removed: number,
  by: string,
  parent: string,
  name: string,
  size: number | null,
];
const trashed = entryColumns.replaceAll(/\w+/g, 'e.$&');

/** Newest first. */
export function trash(snapshot: Snapshot, home: EntryId): readonly TrashRecord[] {
  return snapshot.within(() => {
    const rows = snapshot.db.all<TrashRow>(
      `SELECT ${trashed}, t.removed, t.by, t.parent, t.name, t.size
       FROM trash t JOIN entries e ON e.id = t.entry WHERE t.home = ? AND t.doomed = 0 ORDER BY t.removed DESC, t.entry`,
      home,
    );
    return rows.map((row) => {
      const [removed, by, parent, name, size] = row.slice(15) as [
        number,
        string,
        string,
        string,
        number | null,
      ];
      const found = snapshot.trees.entry(row as unknown as EntryRow);
      return { entry: { ...found, parent, name }, removed, by, parent, name, size };
    });
  });
}
