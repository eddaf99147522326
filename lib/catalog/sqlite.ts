import type { Accounts, Catalog, Clock, Ids, Locks, Uploads } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { Database } from './sqlite/database.ts';
import * as accounts from './sqlite/read-accounts.ts';
import * as entries from './sqlite/read-entries.ts';
import { Snapshot } from './sqlite/snapshot.ts';
import { sqliteUpkeep } from './sqlite/upkeep.ts';
import { Writer } from './sqlite/writer.ts';

export interface SqliteCatalogOptions {
  /** The database file; its folder must exist. */
  readonly path: string;
  readonly ids: Ids;
  readonly clock?: Clock;
  /** Milliseconds that a change waits while other processes write; 10,000 unless told. */
  readonly wait?: number;
}

/** Names and metadata in one SQLite file, which several processes of one machine may share. */
export async function sqliteCatalog(options: SqliteCatalogOptions): Promise<Catalog> {
  const { path, ids, clock = Date.now, wait = 10_000 } = options;
  const writer = new Writer({ path, wait, onWritten: () => snapshot.end() });
  await writer.start();
  const db = new Database(path, { wait: 250, reading: true });
  const snapshot = new Snapshot(db);
  return {
    entry: async (id) => entries.entry(snapshot, id),
    resolve: async (from, names) => entries.resolve(snapshot, from, names),
    children: (parent, after) => entries.children(snapshot, parent, after),
    layout: async (id) => entries.layout(snapshot, id),
    body: async (ref) => entries.body(snapshot, ref),

    put: (draft, change) =>
      writer.call('put', [compactly(draft), change, { id: ids(), file: ids() }], change.durability),
    mkdir: (draft, change) => writer.call('mkdir', [draft, change, ids()], change.durability),
    splice: (id, splice, change) => writer.call('splice', [id, compactly(splice), change], change.durability),
    move: (id, to, change) => writer.call('move', [id, to, change], change.durability),
    copy: (id, to, change) => writer.call('copy', [id, to, change, ids()], change.durability),
    remove: (id, change) => writer.call('remove', [id, change], change.durability),
    annotate: (id, annotation, change) =>
      writer.call('annotate', [id, annotation, change], change.durability),
    compact: (id, version, extents) => writer.call('compact', [id, version, extents]),
    restore: (id, to, change) => writer.call('restore', [id, to, change], change.durability),

    usage: (home) => usage(snapshot, writer, home),
    changes: async (home, since, limit) => entries.changes(snapshot, home, since, limit),
    trash: async (home) => entries.trash(snapshot, home),

    upkeep: sqliteUpkeep(snapshot, writer, path, clock),
    locks: sqliteLocks(snapshot, writer),
    accounts: sqliteAccounts(snapshot, writer, ids),
    uploads: sqliteUploads(snapshot, writer),
    close: async () => {
      snapshot.end();
      db.close();
      await writer.close();
    },
  };
}

/** A view on a bigger buffer would be sent to the other thread with all of that buffer. */
function compactly<T extends { readonly body?: Uint8Array }>(draft: T): T {
  const { body } = draft;
  if (body === undefined || body.byteLength === body.buffer.byteLength) return draft;
  return { ...draft, body: new Uint8Array(body) };
}

async function usage(snapshot: Snapshot, writer: Writer, home: string) {
  const uncounted = 'SELECT 1 FROM trash WHERE home = ? AND size IS NULL AND doomed = 0 LIMIT 1';
  if (snapshot.keep(`c${home}`, () => snapshot.db.get(uncounted, home)) !== undefined) {
    await writer.call('countTrash', [home]);
  }
  const found = snapshot.keep(`g${home}`, () =>
    snapshot.db.get<[number, number, number | null]>(
      'SELECT h.used, h.trashed, u.quota FROM homes h JOIN users u ON u.home = h.id WHERE h.id = ?',
      home,
    ),
  );
  if (found === undefined) throw new StoreError('not-found', { op: 'catalog.usage' });
  const [used, trashed, quota] = found;
  return { used, trashed, quota };
}

function sqliteLocks(snapshot: Snapshot, writer: Writer): Locks {
  return {
    held: async (home, now) => accounts.heldLocks(snapshot, home, now),
    create: (lock, generation, now) => writer.call('createLock', [lock, generation, now]),
    refresh: (token, expires, now) => writer.call('refreshLock', [token, expires, now]),
    release: (token, now) => writer.call('releaseLock', [token, now]),
  };
}

/** Rows that one transaction takes of an erased home. */
const eraseStep = 2000;

/** Few and precious: changes of accounts are on the disk before they are answered. */
function sqliteAccounts(snapshot: Snapshot, writer: Writer, ids: Ids): Accounts {
  return {
    user: async (login) => accounts.userByLogin(snapshot, login),
    userById: async (id) => accounts.userById(snapshot, id),
    users: (after) => accounts.users(snapshot, after),
    createUser: (user) => writer.call('createUser', [user, ids()], 'durable'),
    updateUser: (id, patch) => writer.call('updateUser', [id, patch], 'durable'),
    eraseUser: async (id) => {
      const home = await writer.call('detachUser', [id], 'durable');
      if (home === undefined) return;
      while ((await writer.call('sweepHome', [home, eraseStep])) > 0);
    },
    token: async (id) => accounts.token(snapshot, id),
    tokens: async (user) => accounts.tokens(snapshot, user),
    createToken: (token) => writer.call('createToken', [token], 'durable'),
    revokeToken: (id) => writer.call('revokeToken', [id], 'durable'),
    touchToken: (id, now) => writer.call('touchToken', [id, now]),
    extendToken: (id, expires) => writer.call('extendToken', [id, expires], 'durable'),
    linked: async (issuer, subject) => accounts.linked(snapshot, issuer, subject),
    link: (link) => writer.call('link', [link], 'durable'),
    links: async (user) => accounts.links(snapshot, user),
    unlink: (issuer, subject) => writer.call('unlink', [issuer, subject], 'durable'),
    setting: async (key) => accounts.setting(snapshot, key),
    putSetting: (key, value) => writer.call('putSetting', [key, value], 'durable'),
  };
}

function sqliteUploads(snapshot: Snapshot, writer: Writer): Uploads {
  return {
    create: (upload) => writer.call('createUpload', [upload]),
    get: async (id) => accounts.upload(snapshot, id),
    list: async (user) => accounts.uploads(snapshot, user),
    remove: (id) => writer.call('removeUpload', [id]),
  };
}
