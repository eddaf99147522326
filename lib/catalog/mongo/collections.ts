import type { Collection, Db, Document, IndexDescription, ObjectId } from 'mongodb';
import type { TokenRecord } from '../../core/values.ts';
import type { FileDoc, FolderDoc, ItemDoc, UserDoc } from './documents.ts';
import type { HomeDoc, JournalDoc } from './home.ts';

export interface LockDoc {
  readonly _id: string;
  readonly home: string;
  readonly entry: string;
  readonly depth: 0 | 'infinity';
  readonly scope: 'exclusive' | 'shared';
  readonly owner: string;
  readonly by: string;
  readonly expires: number;
}

export interface TrashDoc {
  /** The entry. */
  readonly _id: string;
  readonly home: string;
  readonly parent: string;
  readonly name: string;
  readonly removed: number;
  readonly by: string;
  readonly size: number | null;
  readonly doomed: boolean;
  /** Milliseconds since 1970: before this it may be a copy that is still being laid out. */
  readonly until?: number;
}

export interface BodyDoc {
  /** The ref. */
  readonly _id: string;
  readonly body: Uint8Array;
  /** Microseconds since 1970, nearly: the oldest goes to the store first. */
  readonly at: number;
}

export type TokenDoc = Omit<TokenRecord, 'id' | 'hash'> & { readonly _id: string; readonly hash: Uint8Array };

/** Girder's own collections bear its names, ours begin with `hearth_`. */
export interface Collections {
  readonly user: Collection<UserDoc>;
  readonly folder: Collection<FolderDoc>;
  readonly item: Collection<ItemDoc>;
  readonly file: Collection<FileDoc>;
  readonly assetstore: Collection<Document>;
  readonly setting: Collection<Document>;
  readonly token: Collection<Document & { readonly _id: string }>;
  readonly apiKey: Collection<Document>;
  readonly home: Collection<HomeDoc>;
  readonly journal: Collection<JournalDoc>;
  readonly lock: Collection<LockDoc>;
  readonly trash: Collection<TrashDoc>;
  readonly body: Collection<BodyDoc>;
  readonly login: Collection<{ readonly _id: string; readonly user: ObjectId; readonly at: number }>;
  readonly ownToken: Collection<TokenDoc>;
  readonly link: Collection<Document & { readonly _id: string }>;
  readonly upload: Collection<Document & { readonly _id: string }>;
}

const named: Readonly<Record<keyof Collections, string>> = {
  user: 'user',
  folder: 'folder',
  item: 'item',
  file: 'file',
  assetstore: 'assetstore',
  setting: 'setting',
  token: 'token',
  apiKey: 'api_key',
  home: 'hearth_home',
  journal: 'hearth_journal',
  lock: 'hearth_lock',
  trash: 'hearth_trash',
  body: 'hearth_body',
  login: 'hearth_login',
  ownToken: 'hearth_token',
  link: 'hearth_link',
  upload: 'hearth_upload',
};

export function collections(db: Db): Collections {
  const entries = Object.entries(named).map(([key, name]) => [key, db.collection(name)]);
  return Object.fromEntries(entries) as unknown as Collections;
}

export const nameOf = (key: keyof Collections): string => named[key];

/**
 * What each collection would be sharded by. `baseParentId` (the user) keeps a tree together; every unique index
 * has the shard key in it, which is why logins and links are claimed by `_id` in collections of their own.
 */
export const shardKeys: Readonly<Record<keyof Collections, readonly string[]>> = {
  user: ['_id'],
  folder: ['baseParentId', '_id'],
  item: ['baseParentId', '_id'],
  file: ['itemId'],
  assetstore: ['_id'],
  setting: ['key'],
  token: ['_id'],
  apiKey: ['_id'],
  home: ['_id'],
  journal: ['home', 'seq'],
  lock: ['_id'],
  trash: ['_id'],
  body: ['_id'],
  login: ['_id'],
  ownToken: ['_id'],
  link: ['_id'],
  upload: ['_id'],
};

/** Made at start where they are missing. Girder's own have Girder's key order; ours (hazard 4) have another. */
export const indexes: Readonly<Partial<Record<keyof Collections, readonly IndexDescription[]>>> = {
  user: [{ key: { login: 1 } }, { key: { email: 1 } }],
  folder: [{ key: { parentId: 1, name: 1 } }, { key: { baseParentId: 1, parentId: 1 } }],
  item: [
    { key: { folderId: 1, name: 1 } },
    {
      key: { 'hearth.changed': 1, 'hearth.parts': 1 },
      partialFilterExpression: { 'hearth.parts': { $gt: 1 } },
    },
  ],
  file: [{ key: { itemId: 1 } }, { key: { sha512: 1 } }, { key: { attachedToId: 1 }, sparse: true }],
  setting: [{ key: { key: 1 }, unique: true }],
  token: [{ key: { expires: 1 }, expireAfterSeconds: 0 }, { key: { userId: 1 } }],
  apiKey: [{ key: { userId: 1 } }, { key: { key: 1 } }],
  home: [{ key: { user: 1 } }, { key: { dirty: 1 }, partialFilterExpression: { dirty: true } }],
  journal: [{ key: { home: 1, seq: 1 }, unique: true }, { key: { at: 1 } }],
  lock: [{ key: { home: 1 } }, { key: { expires: 1 } }],
  trash: [{ key: { home: 1, removed: 1 } }, { key: { removed: 1 } }, { key: { doomed: 1, home: 1 } }],
  body: [{ key: { at: 1, _id: 1 } }],
  ownToken: [{ key: { user: 1 } }, { key: { expires: 1 }, partialFilterExpression: { expires: { $gt: 0 } } }],
  link: [{ key: { user: 1 } }],
  upload: [{ key: { user: 1 } }, { key: { expires: 1 } }],
};

export async function ensureIndexes(all: Collections): Promise<void> {
  await Promise.all(
    Object.entries(indexes).map(([key, wanted]) => all[key as keyof Collections].createIndexes([...wanted])),
  );
}
