import type { Change } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { EntryId, Expect, JournalRecord } from '../../core/values.ts';
import { objectId as idOf } from './documents.ts';
import type { Row } from './rows.ts';
import { read } from './store.ts';
import type { View } from './view.ts';

export function checkExpect(view: View, row: Row | undefined, expect: Expect | undefined, op: string): void {
  if (expect === undefined) return;
  if (expect === 'absent' ? row === undefined : row !== undefined) {
    if (expect === 'absent' || expect === 'present') return;
    if (row !== undefined && view.version(row) === expect) return;
  }
  const message =
    expect === 'absent' ? 'Something of that name exists already.' : 'It is not what it was any more.';
  throw new StoreError('stale', { op, message });
}

/** The proof that no lock came or went since the caller looked. */
export function checkGeneration(view: View, change: Change, op: string): void {
  const { lockGeneration } = change;
  if (lockGeneration === undefined || view.home.generation === lockGeneration) return;
  throw new StoreError('conflict', { op, message: 'A lock came or went meanwhile; check again.' });
}

type Draft = Pick<JournalRecord, 'op' | 'entry' | 'kind' | 'parent' | 'name'> &
  Partial<Pick<JournalRecord, 'oldParent' | 'oldName'>>;

/** Appends to the journal; `lines`: from the root to the folders that changed. The number of the change. */
export function record(
  view: View,
  change: Pick<Change, 'by' | 'now'>,
  draft: Draft,
  ...lines: (readonly Row[])[]
): number {
  view.home.seq += 1;
  const { seq } = view.home;
  const above = new Set(lines.flat().flatMap((row) => (row.kind === 'folder' ? [row.id] : [])));
  if (draft.kind === 'folder') above.add(draft.entry);
  view.records.push({
    ...{ seq, at: change.now, by: change.by, op: draft.op, entry: draft.entry, kind: draft.kind },
    ...{ parent: draft.parent, name: draft.name },
    ...{ oldParent: draft.oldParent ?? null, oldName: draft.oldName ?? null },
    above: [...above],
  });
  return seq;
}

/** POSIX: a folder's time of modification is that of its last member to come or go. */
export function membersChanged(view: View, change: Change, ...folders: Row[]): void {
  for (const folder of folders) {
    const row = { ...folder, modified: change.now };
    view.put(row);
    view.writes.push({ on: 'folder', id: idOf(folder.id), set: { updated: new Date(change.now) } });
  }
}

/** Ends the locks that end with a change. */
export async function dropLocks(view: View, change: Change): Promise<void> {
  const tokens = change.drop ?? [];
  if (tokens.length === 0) return;
  for (const token of tokens) view.writes.push({ on: 'lock', id: token, remove: true });
  view.home.generation += 1;
}

/** Locks in a tree that left its home: nobody could ever release them. */
export async function dropLocksBelow(view: View, top: EntryId): Promise<void> {
  if (!view.home.locked) return;
  const locks = await read('catalog.locks', () => view.store.all.lock.find({ home: view.home.id }).toArray());
  let gone = 0;
  for (const lock of locks) {
    const line = await view.line(lock.entry);
    // A tree that hangs elsewhere by now is none of this change's business.
    if (line !== undefined && !line.some((row) => row.id === top)) continue;
    view.writes.push({ on: 'lock', id: lock._id, remove: true });
    gone += 1;
  }
  if (gone > 0) view.home.generation += 1;
}
