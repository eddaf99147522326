import type { Document } from 'mongodb';
import type { Change, Place, Written } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { EntryId } from '../../core/values.ts';
import { extentDocs } from './contents.ts';
import { type FileDoc, type FolderDoc, type ItemDoc, long, objectId } from './documents.ts';
import { checkExpect, dropLocks, membersChanged, record } from './guard.ts';
import { account } from './quota.ts';
import { settledLine } from './reads.ts';
import type { Row } from './rows.ts';
import { read, type Store } from './store.ts';
import { filesOf, levels, treeSize } from './trees.ts';
import type { View } from './view.ts';
import { folderDoc } from './write-folder.ts';
import { destination, detach, notBelow } from './write-tree.ts';
import { collectionOf } from './writes.ts';

export type CopyChange = Change & { readonly shallow?: boolean };

/** Documents in one insertion. */
const batch = 500;
/** What a copy that died has left is swept after this time. */
const leftFor = 3_600_000;

/**
 * Documents, not bytes. All below the top is laid out before under an id that nothing leads to, whatever it takes; the
 * change itself adds the top alone. Until then the trash knows the copy as given up, so that a crash leaves nothing.
 */
export async function copy(view: View, id: EntryId, to: Place, change: CopyChange): Promise<Written> {
  const op = 'catalog.copy';
  view.mustBeFirst();
  const found = await settledLine(view.store, id);
  const source = found?.rows.at(-1);
  if (found === undefined || source === undefined) throw new StoreError('not-found', { op });
  if (found.home._id.toHexString() === view.home.id) checkExpect(view, source, change.source, op);
  const { parent, line, target, name } = await destination(view, id, to, change, op);
  const shallow = change.shallow === true;
  if (!shallow) notBelow(source, line, op);
  const bytes = shallow ? source.size : await treeSize(view.store, id);
  await account(view, bytes, op);
  const top = view.store.ids();
  const seq = record(
    view,
    change,
    { op: 'copy', entry: top, kind: source.kind, parent: parent.id, name },
    line,
  );
  const copies = new Copies(view.store, { user: view.home.user, change, seq });
  if (!shallow && source.kind === 'folder') await copies.below(id, top, view.home.id);
  if (target !== undefined) await detach(view, target, change);
  const row = await placed(view, copies, { source, top, parent: parent.id, name, seq });
  view.put(row);
  membersChanged(view, change, parent);
  await dropLocks(view, change);
  return { entry: view.entry(row), created: target === undefined };
}

interface Top {
  readonly source: Row;
  readonly top: EntryId;
  readonly parent: EntryId;
  readonly name: string;
  readonly seq: number;
}

/** The top itself, which the change brings into place. */
async function placed(view: View, copies: Copies, { source, top, parent, name, seq }: Top): Promise<Row> {
  const { change } = copies;
  const named = { id: top, parent, name, stored: name, created: change.now, creator: change.by };
  if (source.kind === 'folder' && source.foreign !== true) {
    const row = { ...source, ...named, modified: change.now, tree: seq };
    view.writes.push({ on: 'folder', id: objectId(top), insert: folderDoc(row, view.home.user) });
    if (change.shallow !== true) view.writes.push({ on: 'trash', id: top, remove: true });
    return row;
  }
  const doc = await read('catalog.copy', () => view.store.all.item.findOne({ _id: objectId(source.id) }));
  if (doc === null) throw new StoreError('not-found', { op: 'catalog.copy' });
  const { _id, ...item } = copies.item(
    { ...doc, name, lowerName: name.toLowerCase() },
    objectId(top),
    parent,
  );
  view.writes.push({ on: 'item', id: _id, insert: item });
  for (const { _id: fileId, ...file } of await copies.files([doc], new Map([[source.id, _id]]))) {
    view.writes.push({
      on: 'file',
      id: fileId,
      insert: { ...file, ...(file.itemId === null ? {} : { name }) },
    });
  }
  return { ...source, ...named, changed: change.now };
}

class Copies {
  readonly change: CopyChange;
  private readonly store: Store;
  private readonly user: string;
  private readonly seq: number;

  constructor(
    store: Store,
    how: { readonly user: string; readonly change: CopyChange; readonly seq: number },
  ) {
    this.store = store;
    this.user = how.user;
    this.change = how.change;
    this.seq = how.seq;
  }

  /** Lays out what is below a folder under a top that does not exist yet. */
  async below(source: EntryId, top: EntryId, home: EntryId): Promise<void> {
    const { all, clock } = this.store;
    const until = clock() + leftFor;
    const leftover = {
      home,
      parent: '',
      name: '',
      removed: 0,
      by: this.change.by,
      size: 0,
      doomed: true,
      until,
    };
    await read('catalog.copy', () => all.trash.insertOne({ _id: top, ...leftover }));
    const ids = new Map([[source, objectId(top)]]);
    for await (const { folders, items } of levels(this.store, [source])) {
      for (const doc of folders) ids.set(doc._id.toHexString(), objectId(this.store.ids()));
      await this.insert(
        'folder',
        folders.map((doc) => this.folder(doc, ids)),
      );
      for (let from = 0; from < items.length; from += batch) {
        const some = items.slice(from, from + batch);
        const made = new Map(some.map((doc) => [doc._id.toHexString(), objectId(this.store.ids())]));
        await Promise.all([
          this.insert(
            'item',
            some.map((doc) => this.item(doc, idIn(made, doc), idIn(ids, doc.folderId).toHexString())),
          ),
          this.insert('file', await this.files(some, made)),
        ]);
      }
    }
  }

  private async insert(on: 'folder' | 'item' | 'file', docs: readonly Document[]): Promise<void> {
    for (let from = 0; from < docs.length; from += batch) {
      const some = docs.slice(from, from + batch);
      await read('catalog.copy', () =>
        collectionOf(this.store.all, on).insertMany([...some], { ordered: false }),
      );
    }
  }

  private folder(doc: FolderDoc, ids: ReadonlyMap<EntryId, ReturnType<typeof objectId>>): Document {
    const now = new Date(this.change.now);
    return {
      ...doc,
      ...{ _id: idIn(ids, doc), parentId: idIn(ids, doc.parentId), parentCollection: 'folder' },
      ...{ baseParentId: objectId(this.user), creatorId: objectId(this.change.by) },
      ...{ created: now, updated: now, hearth: { ...doc.hearth, tree: this.seq } },
    };
  }

  item(doc: ItemDoc, _id: ReturnType<typeof objectId>, parent: EntryId) {
    const { now, by } = this.change;
    return {
      ...doc,
      ...{ _id, folderId: objectId(parent), baseParentId: objectId(this.user), creatorId: objectId(by) },
      ...{ created: new Date(now), size: long(Number(doc.size)) },
      ...(doc.hearth === undefined ? {} : { hearth: { ...doc.hearth, changed: now } }),
    };
  }

  /** Their contents, and what keeps the blobs of pieces. */
  async files(
    items: readonly ItemDoc[],
    made: ReadonlyMap<EntryId, ReturnType<typeof objectId>>,
  ): Promise<readonly FileDoc[]> {
    const pinned = items.filter((doc) => (doc.hearth?.parts ?? 1) > 1).map((doc) => doc._id);
    const [files, pins] = await Promise.all([
      filesOf(this.store, items),
      pinned.length === 0
        ? []
        : read('catalog.copy', () => this.store.all.file.find({ attachedToId: { $in: pinned } }).toArray()),
    ]);
    return [...files, ...pins].map((file) => ({
      ...file,
      ...{
        _id: objectId(this.store.ids()),
        created: new Date(this.change.now),
        size: long(Number(file.size)),
      },
      ...(file.itemId === null
        ? { attachedToId: idIn(made, file.attachedToId) }
        : { itemId: idIn(made, file.itemId) }),
      ...(file.hearth?.extents === undefined
        ? {}
        : { hearth: { ...file.hearth, extents: extentDocs(file.hearth.extents) } }),
    }));
  }
}

/** The new id of a document or of an id. */
function idIn(
  ids: ReadonlyMap<EntryId, ReturnType<typeof objectId>>,
  of: { readonly _id: { toHexString(): string } } | { toHexString(): string } | undefined,
) {
  const old = of === undefined ? '' : '_id' in of ? of._id.toHexString() : of.toHexString();
  const id = ids.get(old);
  if (id === undefined)
    throw new StoreError('conflict', {
      op: 'catalog.copy',
      message: 'The tree changed while it was copied.',
    });
  return id;
}
