import type { Document, ObjectId } from 'mongodb';
import type { EntryId } from '../../core/values.ts';
import { nameOf } from './collections.ts';
import { objectId } from './documents.ts';
import { type HomeDoc, toHome } from './home.ts';
import { settledHome } from './pending.ts';
import { settle } from './settle.ts';
import { read, type Store } from './store.ts';
import { treeSize } from './trees.ts';
import type { View } from './view.ts';
import type { Workers } from './worker.ts';

/** Counts anew what can be counted, and hangs up again what hung under nothing; a line each. */
export async function repair(store: Store, workers: Workers): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const home of store.all.home.find().sort({ _id: 1 })) {
    await settledHome(store, home);
    lines.push(...(await repairHome(store, workers, home)));
  }
  for (const kind of ['folder', 'item'] as const) lines.push(...(await orphans(store, workers, kind)));
  lines.push(...(await store.slowly((all) => strays({ ...store, all }))));
  return lines;
}

async function repairHome(store: Store, workers: Workers, doc: HomeDoc): Promise<readonly string[]> {
  const id = doc._id.toHexString();
  const lines = await workers.call(id, (view) => recount(store, view), { alone: true });
  await settle(store, id);
  return [...lines, ...(await repairTrees(store, doc))];
}

async function recount(store: Store, view: View): Promise<readonly string[]> {
  const lines: string[] = [];
  const { id } = view.home;
  let trashed = 0;
  const all = await read('catalog.repair', () => store.all.trash.find({ home: id, doomed: false }).toArray());
  for (const { _id, size } of all) {
    const real = await treeSize(store, _id);
    trashed += real;
    if (real === size) continue;
    view.writes.push({ on: 'trash', id: _id, set: { size: real } });
    if (size !== null) lines.push(`trash ${_id}: ${size} bytes counted, ${real} there`);
  }
  const used = (await treeSize(store, id)) + trashed;
  if (view.home.used !== used) lines.push(`home ${id}: ${view.home.used} bytes counted, ${used} there`);
  view.touched ||= view.home.used !== used || view.home.trashed !== trashed;
  view.home.used = used;
  view.home.trashed = trashed;
  view.home.uncounted = 0;
  return lines;
}

/** A number below one of its folders' shows that something was not settled; both are raised to the change. */
async function repairTrees(store: Store, doc: HomeDoc): Promise<readonly string[]> {
  const { folder } = store.all;
  let mended = 0;
  for (;;) {
    const low = await read('catalog.repair', () =>
      folder
        .aggregate<{ _id: ObjectId; tree: number }>([
          { $match: { baseParentId: doc.user, parentCollection: 'folder', parentId: { $ne: doc.trash } } },
          { $group: { _id: '$parentId', tree: { $max: '$hearth.tree' } } },
          { $lookup: { from: nameOf('folder'), localField: '_id', foreignField: '_id', as: 'parent' } },
          { $unwind: '$parent' },
          { $match: { $expr: { $gt: ['$tree', { $ifNull: ['$parent.hearth.tree', 0] }] } } },
        ])
        .toArray(),
    );
    if (low.length === 0) break;
    const operations = low.map(({ _id, tree }) => ({
      updateOne: { filter: { _id }, update: { $max: { 'hearth.tree': tree } } as Document },
    }));
    await read('catalog.repair', () => folder.bulkWrite(operations, { ordered: false }));
    mended += low.length;
  }
  if (mended === 0) return [];
  return [`home ${toHome(doc).id}: ${mended} folder versions were behind what is below them`];
}

/** Entries of a home whose folder is gone: they go to its trash, where they can be restored. */
async function orphans(store: Store, workers: Workers, kind: 'folder' | 'item'): Promise<readonly string[]> {
  const above = kind === 'folder' ? 'parentId' : 'folderId';
  const lost = await store.slowly((all) =>
    all[kind as 'folder']
      .aggregate<{ _id: ObjectId; name: string; parent: ObjectId; homes: readonly HomeDoc[] }>([
        ...(kind === 'folder' ? [{ $match: { parentCollection: 'folder' } }] : []),
        {
          $lookup: {
            from: nameOf('folder'),
            localField: above,
            foreignField: '_id',
            as: 'above',
            pipeline: [{ $project: { _id: 1 } }],
          },
        },
        { $match: { above: { $size: 0 } } },
        { $lookup: { from: nameOf('home'), localField: 'baseParentId', foreignField: 'user', as: 'homes' } },
        { $match: { homes: { $size: 1 } } },
        { $project: { name: 1, parent: `$${above}`, homes: 1 } },
      ])
      .toArray(),
  );
  const lines: string[] = [];
  for (const { _id, name, parent, homes } of lost) {
    const [home] = homes;
    const given = await read('catalog.repair', () =>
      store.all.trash.findOne({ _id: { $in: [_id.toHexString(), parent.toHexString()] }, doomed: true }),
    );
    // What a copy or an erasure has left: the sweep takes it.
    if (home === undefined || given !== null) continue;
    await workers.call(home._id.toHexString(), (view) => toTrash(view, { id: _id, name, parent, kind }), {
      alone: true,
    });
    lines.push(`${name} (${_id.toHexString()}) hung under no folder: it is in the trash now`);
  }
  return lines;
}

interface Lost {
  readonly id: ObjectId;
  readonly name: string;
  readonly parent: ObjectId;
  readonly kind: 'folder' | 'item';
}

async function toTrash(view: View, { id, name, parent, kind }: Lost): Promise<void> {
  const hex: EntryId = id.toHexString();
  const under = objectId(view.home.trash);
  const named = { name: hex, lowerName: hex };
  if (kind === 'folder') view.writes.push({ on: 'folder', id, set: { ...named, parentId: under } });
  else view.writes.push({ on: 'item', id, set: { ...named, folderId: under } });
  const size = await treeSize(view.store, hex);
  view.writes.push({
    ...{ on: 'trash', id: hex },
    insert: {
      ...{ home: view.home.id, parent: parent.toHexString(), name, removed: view.store.clock(), by: '' },
      ...{ size, doomed: false },
    },
  });
  view.home.used += size;
  view.home.trashed += size;
}

/** Claims, locks and trash records of what is not there. */
async function strays(store: Store): Promise<readonly string[]> {
  const { lock, trash, login } = store.all;
  const lines: string[] = [];
  const without = (as: readonly string[]): Document => ({
    $match: Object.fromEntries(as.map((name) => [name, { $size: 0 }])),
  });
  const look = (from: 'folder' | 'item', id: string): readonly Document[] => [
    { $addFields: { at: { $toObjectId: id } } },
    {
      $lookup: {
        from: nameOf(from),
        localField: 'at',
        foreignField: '_id',
        as: from,
        pipeline: [{ $project: { _id: 1 } }],
      },
    },
  ];
  const bare = async (of: typeof lock | typeof trash, id: string) =>
    read('catalog.repair', () =>
      (of as typeof lock)
        .aggregate<{ _id: string }>([...look('folder', id), ...look('item', id), without(['folder', 'item'])])
        .toArray(),
    );
  const locks = (await bare(lock, '$entry')).map(({ _id }) => _id);
  if (locks.length > 0) {
    await lock.deleteMany({ _id: { $in: locks } });
    lines.push(`${locks.length} locks of no entry were dropped`);
  }
  const records = (await bare(trash, '$_id')).map(({ _id }) => _id);
  if (records.length > 0) {
    const gone = await trash.deleteMany({ _id: { $in: records }, doomed: false });
    if (gone.deletedCount > 0) lines.push(`${gone.deletedCount} trash records of no entry were dropped`);
  }
  const claims = await read('catalog.repair', () =>
    login
      .aggregate<{ _id: string }>([
        { $match: { at: { $lt: store.clock() - 60_000 } } },
        { $lookup: { from: nameOf('user'), localField: '_id', foreignField: 'login', as: 'users' } },
        without(['users']),
      ])
      .toArray(),
  );
  if (claims.length > 0) {
    await login.deleteMany({ _id: { $in: claims.map(({ _id }) => _id) } });
    lines.push(`${claims.length} claims of logins that nobody has were dropped`);
  }
  return lines;
}
