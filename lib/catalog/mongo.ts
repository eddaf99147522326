import { type Db, type Document, MongoClient } from 'mongodb';
import type { Catalog, Change, Clock, Ids, Place } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { EntryId, TrashRecord, Usage } from '../core/values.ts';
import { mongoAccounts } from './mongo/accounts.ts';
import { ensureAssetstore } from './mongo/assetstore.ts';
import { collections, ensureIndexes } from './mongo/collections.ts';
import { objectId } from './mongo/documents.ts';
import { asStoreError } from './mongo/errors.ts';
import { folderVersions, toHome } from './mongo/home.ts';
import { changes } from './mongo/journal.ts';
import { loadDump } from './mongo/load.ts';
import { mongoLocks } from './mongo/locks.ts';
import { Pending, wholeHome } from './mongo/pending.ts';
import { countTrash } from './mongo/quota.ts';
import * as reads from './mongo/reads.ts';
import { toEntry } from './mongo/rows.ts';
import { HomeIndex, patience, read, type Store } from './mongo/store.ts';
import { mongoUpkeep } from './mongo/upkeep.ts';
import { mongoUploads } from './mongo/uploads.ts';
import { Known, View } from './mongo/view.ts';
import { Workers } from './mongo/worker.ts';
import { compact } from './mongo/write-compact.ts';
import { copy } from './mongo/write-copy.ts';
import { put, splice } from './mongo/write-file.ts';
import { annotate, mkdir } from './mongo/write-folder.ts';
import { move, remove, removedRow, restore } from './mongo/write-tree.ts';

export interface CommandEvent {
  readonly id: number;
  /** `find`, `aggregate`, `update`, … */
  readonly name: string;
  /** What was sent; absent in the answer's event. */
  readonly command?: Document;
}

export interface MongoCatalogOptions {
  /** `mongodb://host/database?replicaSet=…`; without a name the database is `girder`. */
  readonly url: string;
  readonly ids: Ids;
  readonly clock?: Clock;
  /** Undefined: where the server has them. */
  readonly transactions?: boolean;
  /** Of Girder's filesystem assetstore that new files belong to. */
  readonly assetstore?: { readonly root: string };
  /** For tests and measurements: told of every command to the server, and of its answer. */
  readonly onCommand?: (event: CommandEvent) => void;
}

/**
 * Milliseconds without a sign of life of a server that is to answer: a machine that vanished closes no connection. What
 * may take longer (`Store.slowly`) has a connection of its own.
 */
const silence = 5_000;

async function connect(options: MongoCatalogOptions, socketTimeoutMS = silence): Promise<MongoClient> {
  const watching = options.onCommand !== undefined;
  const client = new MongoClient(options.url, {
    appName: 'hearth',
    ignoreUndefined: true,
    serverSelectionTimeoutMS: patience / 2,
    connectTimeoutMS: silence,
    socketTimeoutMS,
    monitorCommands: watching,
    ...(/[?&](w|journal)=/.test(options.url) ? {} : { writeConcern: { w: 'majority' as const } }),
  });
  const { onCommand } = options;
  if (onCommand !== undefined) {
    client.on('commandStarted', ({ requestId: id, commandName: name, command }) =>
      onCommand({ id, name, command }),
    );
    const answered = (event: { readonly requestId: number; readonly commandName: string }) =>
      onCommand({ id: event.requestId, name: event.commandName });
    client.on('commandSucceeded', answered);
    client.on('commandFailed', answered);
  }
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    throw asStoreError(error, 'catalog.open');
  }
}

const databaseOf = (client: MongoClient, url: string): Db =>
  client.db(/^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url) === null ? 'girder' : undefined);

async function hasTransactions(db: Db): Promise<boolean> {
  const hello = await read('catalog.open', () => db.admin().command({ hello: 1 }));
  return hello.setName !== undefined || hello.msg === 'isdbgrid';
}

/** Names and metadata in MongoDB, in the documents that a Girder writes and reads. */
export async function mongoCatalog(options: MongoCatalogOptions): Promise<Catalog> {
  return catalogOf(await openStore(options));
}

/** Fills an empty database from what `upkeep.backup` wrote. */
export async function restoreMongo(options: MongoCatalogOptions, dump: string): Promise<void> {
  const store = await openStore(options);
  try {
    await loadDump(store, dump, options.assetstore?.root);
  } finally {
    await store.client.close();
  }
}

/** Questions that read whole collections, or make indexes over what a Girder has filled: they may take minutes. */
function slowlyWith({ onCommand: _, ...options }: MongoCatalogOptions): Store['slowly'] {
  return async (work) => {
    const client = await connect(options, 0);
    try {
      return await read('catalog.slow', () => work(collections(databaseOf(client, options.url))));
    } finally {
      await client.close();
    }
  };
}

async function openStore(options: MongoCatalogOptions): Promise<Store> {
  const { ids, clock = Date.now } = options;
  const client = await connect(options);
  const db = databaseOf(client, options.url);
  const all = collections(db);
  try {
    const transactions = options.transactions ?? (await hasTransactions(db));
    const slowly = slowlyWith(options);
    await slowly((slow) => ensureIndexes(slow));
    const assetstore =
      options.assetstore === undefined ? null : await ensureAssetstore(all, options.assetstore.root, ids());
    const homes = new HomeIndex();
    return {
      client,
      db,
      all,
      ids,
      clock,
      transactions,
      assetstore,
      homes,
      pending: new Pending(),
      slowly,
    };
  } catch (error) {
    await client.close();
    throw asStoreError(error, 'catalog.open');
  }
}

function catalogOf(store: Store): Catalog {
  const { ids } = store;
  const workers = new Workers(store);

  /** Where the changes of an entry are made. */
  async function homeOf(id: EntryId, op: string): Promise<EntryId> {
    const known = store.homes.get(id) ?? (await reads.entry(store, id))?.home;
    if (known === undefined) throw new StoreError('not-found', { op });
    return known;
  }

  const at = ({ durability }: Change, ...places: Place[]) => ({ durability, places });

  return {
    entry: (id) => reads.entry(store, id),
    resolve: (from, names) =>
      reads.resolve(store, from, names, (line, below, missing) => workers.learn(line, below, missing)),
    children: (parent, after) => reads.children(store, parent, after),
    layout: (id) => reads.layout(store, id),
    body: (ref) => reads.body(store, ref),

    put: async (draft, change) => {
      const home = await homeOf(draft.parent, 'catalog.put');
      const fresh = { id: ids(), file: ids() };
      const written = await workers.call(home, (view) => put(view, draft, change, fresh), at(change, draft));
      store.homes.learn(home, [written.entry]);
      return written;
    },
    mkdir: async (draft, change) => {
      const home = await homeOf(draft.parent, 'catalog.mkdir');
      const id = ids();
      const made = await workers.call(home, (view) => mkdir(view, draft, change, id), at(change, draft));
      store.homes.learn(home, [made]);
      return made;
    },
    splice: async (id, piece, change) =>
      workers.call(await homeOf(id, 'catalog.splice'), (view) => splice(view, id, piece, change), at(change)),
    move: async (id, to, change) =>
      workers.call(await homeOf(id, 'catalog.move'), (view) => move(view, id, to, change), at(change, to)),
    copy: async (id, to, change) =>
      workers.call(await homeOf(to.parent, 'catalog.copy'), (view) => copy(view, id, to, change), {
        durability: change.durability,
        alone: true,
      }),
    remove: async (id, change) =>
      workers.call(await homeOf(id, 'catalog.remove'), (view) => remove(view, id, change), at(change)),
    annotate: async (id, annotation, change) =>
      workers.call(
        await homeOf(id, 'catalog.annotate'),
        (view) => annotate(view, id, annotation, change),
        at(change),
      ),
    compact: async (id, version, extents) =>
      workers.call(
        store.homes.get(id) ?? (await homeOfItem(store, id)),
        (view) => compact(view, id, version, extents),
        { alone: true },
      ),

    usage: (home) => usage(store, workers, home),
    changes: (home, since, limit) => changes(store, home, since, limit),
    trash: (home) => trash(store, home),
    restore: async (id, to, change) => {
      const found = await read('catalog.restore', () => store.all.trash.findOne({ _id: id }));
      if (found === null) throw new StoreError('not-found', { op: 'catalog.restore' });
      return workers.call(found.home, (view) => restore(view, id, to, change), {
        durability: change.durability,
        alone: true,
      });
    },

    upkeep: mongoUpkeep(store, workers),
    locks: mongoLocks(store, workers),
    accounts: mongoAccounts(store, workers),
    uploads: mongoUploads(store),
    close: async () => {
      await workers.close();
      await store.pending.settled();
      await store.client.close();
    },
  };
}

/** Also of what lies in the trash. */
async function homeOfItem(store: Store, id: EntryId): Promise<EntryId> {
  const op = 'catalog.compact';
  const item = await read(op, () => store.all.item.findOne({ _id: objectId(id) }));
  const home =
    item === null ? null : await read(op, () => store.all.home.findOne({ user: item.baseParentId }));
  if (home === null) throw new StoreError('not-found', { op });
  return home._id.toHexString();
}

async function usage(store: Store, workers: Workers, id: EntryId): Promise<Usage> {
  const look = async () => {
    const found = await wholeHome(store, objectId(id));
    if (found === undefined) throw new StoreError('not-found', { op: 'catalog.usage' });
    return found;
  };
  let found = await look();
  if (found.uncounted > 0) {
    await workers.call(id, countTrash, { alone: true });
    found = await look();
  }
  const { used, trashed, quota } = toHome(found);
  return { used, trashed, quota };
}

/** Newest first. */
async function trash(store: Store, id: EntryId): Promise<readonly TrashRecord[]> {
  const home = await wholeHome(store, objectId(id));
  if (home === undefined) return [];
  const state = toHome(home);
  const view = new View(store, state, new Known());
  const version = folderVersions(state);
  const found = await read('catalog.trash', () =>
    store.all.trash.find({ home: id, doomed: false }).sort({ removed: -1, _id: 1 }).toArray(),
  );
  const records: TrashRecord[] = [];
  for (const doc of found) {
    const { removed, by, parent, name, size } = doc;
    const entry = toEntry(await removedRow(view, doc), id, version);
    records.push({ entry: { ...entry, parent, name }, removed, by, parent, name, size });
  }
  return records;
}
