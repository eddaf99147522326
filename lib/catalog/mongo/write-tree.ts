import type { Change, Place, Written } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Entry, EntryId } from '../../core/values.ts';
import type { TrashDoc } from './collections.ts';
import { objectId } from './documents.ts';
import { checkExpect, checkGeneration, dropLocks, dropLocksBelow, membersChanged, record } from './guard.ts';
import { lineTo } from './lines.ts';
import { folderRow, itemRow, type Row } from './rows.ts';
import { read } from './store.ts';
import { filesOf } from './trees.ts';
import { foreign, type View } from './view.ts';

/** Puts an entry under another folder, or another name there, in its documents and in what is known. */
export function hang(view: View, row: Row, parent: EntryId, name: string): Row {
  const hung: Row = { ...row, parent, name, stored: name };
  const named = { name, lowerName: name.toLowerCase() };
  const folder = row.kind === 'folder' && row.foreign !== true;
  if (folder) {
    const set = { ...named, parentId: objectId(parent), parentCollection: 'folder' };
    view.writes.push({ on: 'folder', id: objectId(row.id), set });
  } else {
    view.writes.push({ on: 'item', id: objectId(row.id), set: { ...named, folderId: objectId(parent) } });
    if (row.foreign !== true && row.name !== name && parent !== view.home.trash) {
      view.writes.push({ on: 'file', ofItem: objectId(row.id), set: { name } });
    }
  }
  view.put(hung);
  return hung;
}

/** Hangs a tree under the trash, whatever its size: from then on no walk up from it reaches the home. */
export async function detach(view: View, row: Row, change: Change): Promise<void> {
  const { id, parent, name } = row;
  const size = row.kind === 'file' ? row.size : null;
  hang(view, row, view.home.trash, id);
  view.writes.push({
    on: 'trash',
    id,
    insert: { home: view.home.id, parent, name, removed: change.now, by: change.by, size, doomed: false },
  });
  if (size === null) view.home.uncounted += 1;
  else view.home.trashed += size;
  await dropLocksBelow(view, id);
}

/** A file of an item that is seen as a folder comes and goes in Girder alone. */
function notMember(line: readonly Row[], op: string): void {
  if (line.at(-2)?.foreign === true) throw foreign(op);
}

export async function remove(view: View, id: EntryId, change: Change): Promise<void> {
  const op = 'catalog.remove';
  const { row, line } = await view.live(id, op);
  const parent = line.at(-2);
  if (parent === undefined) throw new StoreError('denied', { op, message: 'A home cannot be removed.' });
  notMember(line, op);
  checkGeneration(view, change, op);
  checkExpect(view, row, change.expect, op);
  await detach(view, row, change);
  const { kind, name } = row;
  record(view, change, { op: 'remove', entry: id, kind, parent: parent.id, name }, line);
  membersChanged(view, change, parent);
  await dropLocks(view, change);
}

/** What a move or a copy finds at its destination; the two may not be one. */
export async function destination(view: View, source: EntryId, to: Place, change: Change, op: string) {
  const { row: parent, line } = await view.liveFolder(to.parent, op);
  checkGeneration(view, change, op);
  const target = await view.child(parent.id, to.name);
  if (target?.id === source) {
    throw new StoreError('invalid', { op, message: 'Source and destination are the same.' });
  }
  checkExpect(view, target, change.expect, op);
  return { parent, line, target, name: target?.name ?? to.name };
}

export function notBelow(source: Row, line: readonly Row[], op: string): void {
  if (source.kind === 'file' || !line.some((row) => row.id === source.id)) return;
  throw new StoreError('invalid', { op, message: 'A folder cannot go below itself.' });
}

export async function move(view: View, id: EntryId, to: Place, change: Change): Promise<Written> {
  const op = 'catalog.move';
  const { row, line: oldLine } = await view.live(id, op);
  const oldParent = oldLine.at(-2);
  if (oldParent === undefined) throw new StoreError('denied', { op, message: 'A home cannot be moved.' });
  notMember(oldLine, op);
  await sameHome(view, to.parent, op);
  const { parent, line, target, name } = await destination(view, id, to, change, op);
  checkExpect(view, row, change.source, op);
  notBelow(row, line, op);
  if (target !== undefined) await detach(view, target, change);
  const hung = hang(view, row, parent.id, name);
  record(
    view,
    change,
    {
      ...{ op: 'move', entry: id, kind: row.kind, parent: parent.id, name },
      ...{ oldParent: oldParent.id, oldName: row.name },
    },
    oldLine,
    line,
  );
  // What was replaced may be the folder that the source lay in.
  const folders = oldParent.id === target?.id ? [parent] : [oldParent, parent];
  membersChanged(view, change, ...folders);
  await dropLocks(view, change);
  return { entry: view.entry(hung), created: target === undefined };
}

async function sameHome(view: View, parent: EntryId, op: string): Promise<void> {
  if ((await view.line(parent)) !== undefined) return;
  const elsewhere = await lineTo(view.store, parent);
  if (elsewhere === undefined || elsewhere.home._id.toHexString() === view.home.id) return;
  throw new StoreError('unsupported', {
    op,
    message: 'Nothing moves from home to home; copy it and remove it.',
  });
}

/** Out of the trash. The versions below stay, since nothing there changed. */
export async function restore(
  view: View,
  id: EntryId,
  to: Place | undefined,
  change: Change,
): Promise<Entry> {
  const op = 'catalog.restore';
  view.mustBeFirst();
  const trash = await read(op, () => view.store.all.trash.findOne({ _id: id, doomed: false }));
  if (trash === null || trash.home !== view.home.id) throw new StoreError('not-found', { op });
  const { row: parent, line } = await view.liveFolder(to?.parent ?? trash.parent, op);
  checkGeneration(view, change, op);
  const name = to?.name ?? trash.name;
  if ((await view.child(parent.id, name)) !== undefined) {
    const expected = change.expect === undefined || change.expect === 'present';
    const message = 'Something of that name exists already.';
    throw new StoreError(expected ? 'exists' : 'stale', { op, message });
  }
  const removed = await removedRow(view, trash);
  const hung = hang(view, removed, parent.id, name);
  view.writes.push({ on: 'trash', id, remove: true });
  if (trash.size === null) view.home.uncounted -= 1;
  else view.home.trashed -= trash.size;
  record(view, change, { op: 'restore', entry: id, kind: hung.kind, parent: parent.id, name }, line);
  membersChanged(view, change, parent);
  await dropLocks(view, change);
  return view.entry(hung);
}

/** The row of what lies in the trash itself. */
export async function removedRow(view: View, trash: TrashDoc): Promise<Row> {
  const { folder, item } = view.store.all;
  const _id = objectId(trash._id);
  const [asFolder, asItem] = await Promise.all([
    read('catalog.trash', () => folder.findOne({ _id })),
    read('catalog.trash', () => item.findOne({ _id })),
  ]);
  if (asFolder !== null) return folderRow(asFolder);
  if (asItem === null) throw new StoreError('not-found', { op: 'catalog.restore' });
  return itemRow(asItem, await filesOf(view.store, [asItem]));
}
