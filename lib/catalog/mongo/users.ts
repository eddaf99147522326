import { createHash } from 'node:crypto';
import type { Document } from 'mongodb';
import { isStoreError } from '../../core/error.ts';
import type { EntryId, User, UserId } from '../../core/values.ts';
import { nameOf } from './collections.ts';
import { long, objectId, ownedBy, type UserDoc } from './documents.ts';
import { isDuplicate } from './errors.ts';
import type { HomeDoc } from './home.ts';
import { read, type Store } from './store.ts';

export type UserWithHome = UserDoc & { readonly homes: readonly Pick<HomeDoc, '_id'>[] };

export const withHome: Document = {
  $lookup: {
    ...{ from: nameOf('home'), localField: '_id', foreignField: 'user', as: 'homes' },
    pipeline: [{ $project: { _id: 1 } }],
  },
};

/** The user whose id stands in `user` as text, with the home. */
export const ownerOf: readonly Document[] = [
  { $addFields: { owner: { $toObjectId: '$user' } } },
  {
    $lookup: {
      ...{ from: nameOf('user'), localField: 'owner', foreignField: '_id', as: 'users' },
      pipeline: [withHome],
    },
  },
  { $unset: 'owner' },
];

/** Girder quotas: none where the default is used, since Hearth has no default of its own there. */
function quotaOf({ quota }: UserDoc): number | null {
  return quota?.fileSizeQuota == null ? null : Number(quota.fileSizeQuota);
}

function toUser(doc: UserDoc, home: EntryId): User {
  return {
    id: doc._id.toHexString(),
    login: doc.login,
    email: doc.email === '' ? null : doc.email,
    firstName: doc.firstName,
    lastName: doc.lastName,
    admin: doc.admin,
    status: doc.status === 'enabled' ? 'enabled' : 'disabled',
    created: doc.created.getTime(),
    home,
    quota: quotaOf(doc),
    removeAfter: doc.hearth?.removeAfter ?? null,
  };
}

/** A user that Girder made has no home until someone looks (hazard 7). */
export async function userOf(store: Store, doc: UserWithHome): Promise<User> {
  const [home] = doc.homes;
  return toUser(doc, home?._id.toHexString() ?? (await makeHome(store, doc)));
}

/** The same for whoever makes it, so that two who do make one. */
const derivedId = (user: UserId, what: string): EntryId =>
  createHash('sha256').update(`hearth ${what} ${user}`).digest('hex').slice(0, 24);

/** `Home` is an ordinary private folder under the user, beside it the one where removed trees hang. */
export async function makeHome(store: Store, user: UserDoc): Promise<EntryId> {
  const { folder, home } = store.all;
  const existing = await read('catalog.home', () =>
    folder.findOne({ parentId: user._id, parentCollection: 'user', name: 'Home' }),
  );
  const id = existing?._id ?? objectId(derivedId(user._id.toHexString(), 'home'));
  const trash = objectId(derivedId(user._id.toHexString(), 'trash'));
  const created = user.created;
  const folderUnder = (name: string): Document => ({
    ...{ name, lowerName: name.toLowerCase(), description: '', parentCollection: 'user', parentId: user._id },
    ...{ baseParentType: 'user', baseParentId: user._id, creatorId: user._id, created, updated: created },
    ...{ size: long(0), meta: {}, public: false, access: ownedBy(user._id), hearth: { tree: 0 } },
  });
  const make = (_id: typeof id, name: string) =>
    folder.updateOne({ _id }, { $setOnInsert: folderUnder(name) } as Document, { upsert: true });
  await read('catalog.home', async () => {
    if (existing === null) await make(id, 'Home');
    await make(trash, 'Trash');
    const counters = {
      rev: 0,
      applied: 0,
      seq: 0,
      generation: 1,
      locked: false,
      uncounted: 0,
      floor: 0,
      settled: 0,
    };
    const bytes = {
      used: long(0),
      trashed: long(0),
      quota: quotaOf(user) === null ? null : long(quotaOf(user) ?? 0),
    };
    const epoch = `-${createHash('sha256').update(store.ids()).digest('hex').slice(0, 8)}`;
    const fresh = { user: user._id, trash, ...counters, ...bytes, epoch, tail: [], log: [] };
    await home.updateOne({ _id: id }, { $setOnInsert: fresh } as Document, { upsert: true });
  }).catch((error: unknown) => {
    // Another made it at the same moment.
    if (!(isStoreError(error) && isDuplicate(error.cause))) throw error;
  });
  return id.toHexString();
}
