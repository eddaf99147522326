import type { EntryId } from '../../core/values.ts';
import { type FileDoc, type FolderDoc, type ItemDoc, objectId } from './documents.ts';
import { read, type Store } from './store.ts';

/** Folders asked about in one look. */
const wide = 1000;

export interface Level {
  readonly folders: readonly FolderDoc[];
  readonly items: readonly ItemDoc[];
}

/** What is below some folders, level by level, the folders themselves left out. */
export async function* levels(store: Store, tops: readonly EntryId[]): AsyncIterable<Level> {
  let parents = tops.map(objectId);
  while (parents.length > 0) {
    const next: FolderDoc[] = [];
    for (let from = 0; from < parents.length; from += wide) {
      const ids = parents.slice(from, from + wide);
      const [folders, items] = await Promise.all([
        read('catalog.tree', () => store.all.folder.find({ parentId: { $in: ids } }).toArray()),
        read('catalog.tree', () => store.all.item.find({ folderId: { $in: ids } }).toArray()),
      ]);
      next.push(...folders);
      yield { folders, items };
    }
    parents = next.map((doc) => doc._id);
  }
}

export const filesOf = (store: Store, items: readonly Pick<ItemDoc, '_id'>[]): Promise<readonly FileDoc[]> =>
  items.length === 0
    ? Promise.resolve([])
    : read('catalog.tree', () =>
        store.all.file.find({ itemId: { $in: items.map((item) => item._id) } }).toArray(),
      );

/** Bytes below an entry, itself included. */
export async function treeSize(store: Store, top: EntryId): Promise<number> {
  const { folder, item } = store.all;
  const itself = await read('catalog.tree', () =>
    item.findOne({ _id: objectId(top) }, { projection: { size: 1 } }),
  );
  if (itself !== null) return Number(itself.size);
  let total = 0;
  let parents = [objectId(top)];
  while (parents.length > 0) {
    const inner: (typeof parents)[number][] = [];
    for (let from = 0; from < parents.length; from += wide) {
      const ids = parents.slice(from, from + wide);
      const [folders, [sum]] = await Promise.all([
        read('catalog.tree', () =>
          folder.find({ parentId: { $in: ids } }, { projection: { _id: 1 } }).toArray(),
        ),
        read('catalog.tree', () =>
          item
            .aggregate<{ size: number }>([
              { $match: { folderId: { $in: ids } } },
              { $group: { _id: null, size: { $sum: '$size' } } },
            ])
            .toArray(),
        ),
      ]);
      inner.push(...folders.map((doc) => doc._id));
      total += Number(sum?.size ?? 0);
    }
    parents = inner;
  }
  return total;
}
