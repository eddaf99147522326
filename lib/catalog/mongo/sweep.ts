import type { Document } from 'mongodb';
import type { EntryId } from '../../core/values.ts';
import type { TrashDoc } from './collections.ts';
import { objectId } from './documents.ts';
import { countTrash, doom } from './quota.ts';
import { read, type Store } from './store.ts';
import type { Workers } from './worker.ts';

/** Removes documents of one given-up tree, leaves first, so that what is left always hangs together. */
async function deleteBelow(store: Store, top: EntryId, limit: number): Promise<number> {
  const { folder, item, trash } = store.all;
  let deleted = await deleteItems(store, { _id: objectId(top) }, limit);
  const line = [objectId(top)];
  while (line.length > 0 && deleted < limit) {
    const at = line.at(-1) ?? objectId(top);
    deleted += await deleteItems(store, { folderId: at }, limit - deleted);
    if (deleted >= limit) return deleted;
    const inner = await read('catalog.sweep', () =>
      folder.findOne({ parentId: at }, { projection: { _id: 1 } }),
    );
    if (inner !== null) {
      line.push(inner._id);
      continue;
    }
    const gone = await read('catalog.sweep', () => folder.deleteOne({ _id: at }));
    deleted += gone.deletedCount;
    line.pop();
  }
  const rest = await read('catalog.sweep', () =>
    item.countDocuments({ folderId: objectId(top) }, { limit: 1 }),
  );
  if (line.length === 0 && rest === 0) await read('catalog.sweep', () => trash.deleteOne({ _id: top }));
  return deleted;
}

const step = 500;

async function deleteItems(store: Store, which: Document, limit: number): Promise<number> {
  const { item, file } = store.all;
  let deleted = 0;
  while (deleted < limit) {
    const found = await read('catalog.sweep', () =>
      item.find(which, { projection: { _id: 1 }, limit: Math.min(step, limit - deleted) }).toArray(),
    );
    if (found.length === 0) break;
    const ids = { $in: found.map((doc) => doc._id) };
    await Promise.all([
      read('catalog.sweep', () => file.deleteMany({ itemId: ids })),
      read('catalog.sweep', () => file.deleteMany({ attachedToId: ids })),
    ]);
    const gone = await read('catalog.sweep', () => item.deleteMany({ _id: ids }));
    deleted += gone.deletedCount;
  }
  return deleted;
}

/** Up to `limit` documents of given-up trees; `until`: a copy may still be under way there. */
async function deleteDoomed(store: Store, limit: number, home?: EntryId): Promise<number> {
  let deleted = 0;
  while (deleted < limit) {
    const now = store.clock();
    const which = {
      doomed: true,
      $or: [{ until: null }, { until: { $lte: now } }],
      ...(home === undefined ? {} : { home }),
    };
    const top = await read('catalog.sweep', () => store.all.trash.findOne(which as Document));
    if (top === null) break;
    deleted += await deleteBelow(store, top._id as unknown as EntryId, limit - deleted);
  }
  return deleted;
}

export async function sweep(
  store: Store,
  workers: Workers,
  before: number,
  limit: number,
  home?: EntryId,
): Promise<number> {
  let deleted = await deleteDoomed(store, limit, home);
  while (deleted < limit) {
    const which = { doomed: false, removed: { $lt: before }, ...(home === undefined ? {} : { home }) };
    const oldest = await read('catalog.sweep', () =>
      store.all.trash.find(which).sort({ removed: 1 }).limit(1).toArray(),
    );
    const [first] = oldest;
    if (first === undefined) break;
    await workers.call(first.home, (view) => giveUp(view, first._id), { alone: true });
    deleted += await deleteDoomed(store, limit - deleted, first.home);
  }
  return deleted;
}

async function giveUp(view: Parameters<typeof countTrash>[0], entry: EntryId): Promise<void> {
  const counted = await countTrash(view);
  const found = counted.find(({ _id }) => _id === entry);
  if (found !== undefined) doom(view, entry, found.size ?? 0);
}

/** From the first step on nothing of it can be reached; a crash leaves the rest to the sweep. */
export async function eraseHome(store: Store, home: EntryId): Promise<void> {
  const { home: homes, trash, lock, journal } = store.all;
  const _id = objectId(home);
  const found = await read('catalog.erase', () => homes.findOne({ _id }));
  if (found === null) return;
  const record = (id: EntryId): TrashDoc => ({
    ...{ _id: id, home, parent: '', name: '', removed: 0, by: '', size: 0, doomed: true },
  });
  for (const id of [home, found.trash.toHexString()]) {
    await read('catalog.erase', () => trash.replaceOne({ _id: id }, record(id), { upsert: true }));
  }
  await read('catalog.erase', () => homes.deleteOne({ _id }));
  await Promise.all([
    read('catalog.erase', () => lock.deleteMany({ home })),
    read('catalog.erase', () => journal.deleteMany({ home })),
    read('catalog.erase', () => trash.updateMany({ home }, { $set: { doomed: true } })),
  ]);
  while ((await deleteDoomed(store, 2000, home)) > 0);
}
