import type { Document } from 'mongodb';
import type { Accounts } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { User, UserId } from '../../core/values.ts';
import { long, objectId, ownedBy, type UserDoc } from './documents.ts';
import { asStoreError, isDuplicate } from './errors.ts';
import { girderCredentials } from './girder-credentials.ts';
import { links } from './links.ts';
import { read, type Store } from './store.ts';
import { eraseHome } from './sweep.ts';
import { KeptTokens, tokens } from './tokens.ts';
import { makeHome, type UserWithHome, userOf, withHome } from './users.ts';
import type { Workers } from './worker.ts';

const usersPage = 256;
/** A login that was claimed so long ago, and is nobody's, is free again: its claimant died. */
const claimFor = 60_000;

export function mongoAccounts(store: Store, workers: Workers): Accounts {
  const { user: users, login: logins, setting: settings } = store.all;
  const kept = new KeptTokens();
  const find = async (match: Document): Promise<User | undefined> => {
    const [doc] = await read('catalog.user', () =>
      users.aggregate<UserWithHome>([{ $match: match }, { $limit: 1 }, withHome]).toArray(),
    );
    return doc === undefined ? undefined : userOf(store, doc);
  };
  return {
    user: (login) => find({ login: login.toLowerCase() }),
    userById: (id) => find({ _id: objectId(id) }),
    users: (after) => everybody(store, after),
    createUser: (user) => createUser(store, user),
    updateUser: async (id, patch) => {
      const set = userChange(patch);
      const unset = patch.removeAfter === null ? { $unset: { 'hearth.removeAfter': '' } } : {};
      const changed = await read('catalog.updateUser', () =>
        users.updateOne(
          { _id: objectId(id) },
          { ...(Object.keys(set).length === 0 ? {} : { $set: set }), ...unset } as Document,
          { upsert: false },
        ),
      );
      kept.clear();
      const user = changed.matchedCount === 0 ? undefined : await find({ _id: objectId(id) });
      if (user === undefined) throw new StoreError('not-found', { op: 'catalog.updateUser' });
      if (patch.quota !== undefined) {
        await workers.call(user.home, async (view) => {
          view.home.quota = user.quota;
          view.touched = true;
        });
      }
      return user;
    },
    eraseUser: async (id) => {
      const _id = objectId(id);
      const found = await find({ _id });
      await Promise.all([
        store.all.ownToken.deleteMany({ user: id }),
        store.all.link.deleteMany({ user: id }),
        store.all.upload.deleteMany({ user: id }),
        store.all.token.deleteMany({ userId: _id } as Document),
        store.all.apiKey.deleteMany({ userId: _id }),
      ]);
      kept.clear();
      if (found === undefined) return;
      await users.deleteOne({ _id });
      kept.clear();
      await logins.deleteOne({ _id: found.login });
      workers.forget(found.home);
      await eraseHome(store, found.home);
    },
    ...tokens(store, kept),
    ...links(store),
    girder: girderCredentials(store),
    setting: async (key) => {
      const found = await read('catalog.setting', () => settings.findOne({ key }));
      return found === null
        ? undefined
        : typeof found.value === 'string'
          ? found.value
          : JSON.stringify(found.value);
    },
    putSetting: async (key, value) => {
      await read('catalog.setting', () => settings.updateOne({ key }, { $set: { value } }, { upsert: true }));
    },
  };
}

function userChange(patch: Parameters<Accounts['updateUser']>[1]): Document {
  const { quota, removeAfter, email, ...rest } = patch;
  return {
    ...rest,
    ...(email === undefined ? {} : { email: email ?? '' }),
    ...(quota === undefined ? {} : { quota: girderQuota(quota) }),
    ...(removeAfter == null ? {} : { 'hearth.removeAfter': removeAfter }),
  };
}

/** As the plugin user_quota writes it. */
const girderQuota = (quota: number | null): Document => ({
  ...{ fileSizeQuota: quota === null ? null : long(quota), useQuotaDefault: quota === null },
  ...{ preferredAssetstore: null, fallbackAssetstore: null },
});

async function* everybody(store: Store, after = ''): AsyncIterable<readonly User[]> {
  for (let from = after; ; ) {
    const docs = await read('catalog.users', () =>
      store.all.user
        .aggregate<UserWithHome>([
          { $match: { login: { $gt: from } } },
          { $sort: { login: 1 } },
          { $limit: usersPage },
          withHome,
        ])
        .toArray(),
    );
    const page = await Promise.all(docs.map((doc) => userOf(store, doc)));
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < usersPage) return;
    from = last.login;
  }
}

async function createUser(store: Store, user: Omit<User, 'home'>): Promise<User> {
  const op = 'catalog.createUser';
  const login = user.login.toLowerCase();
  const _id = objectId(user.id);
  const taken = new StoreError('exists', { op, message: `The login ${login} is taken.` });
  const claimed = await claim(store, login, user.id, taken);
  // Girder makes users without a claim.
  const same = await read(op, () => store.all.user.findOne({ $or: [{ login }, { _id }] }));
  if (same !== null) {
    await store.all.login.deleteOne({ _id: login, user: _id, at: claimed });
    throw taken;
  }
  const { email, firstName, lastName, admin, status, created, quota, removeAfter } = user;
  const doc = {
    ...{ _id, login, email: email?.toLowerCase() ?? '', firstName, lastName, salt: null },
    ...{ created: new Date(created), emailVerified: false, status, admin, public: false, size: long(0) },
    ...{ groups: [], groupInvites: [], access: ownedBy(_id), quota: girderQuota(quota) },
    ...(removeAfter === null ? {} : { hearth: { removeAfter } }),
  } as unknown as UserDoc;
  try {
    await store.all.user.insertOne(doc, { writeConcern: { w: 'majority', journal: true } });
  } catch (error) {
    throw isDuplicate(error) ? taken : asStoreError(error, op);
  }
  const home = await makeHome(store, doc);
  return { ...user, login, email, home };
}

/** `_id` is the one thing that is unique on every cluster, and that Girder makes no index over. When it was claimed. */
async function claim(store: Store, login: string, user: UserId, taken: StoreError): Promise<number> {
  const { login: logins, user: users } = store.all;
  const fresh = { _id: login, user: objectId(user), at: store.clock() };
  try {
    await logins.insertOne(fresh);
  } catch (error) {
    if (!isDuplicate(error)) throw asStoreError(error, 'catalog.createUser');
    const old = await read('catalog.createUser', () => logins.findOne({ _id: login }));
    const holder = await read('catalog.createUser', () => users.findOne({ login }));
    if (old === null || holder !== null || store.clock() - old.at < claimFor) throw taken;
    const { at } = old;
    const won = await read('catalog.createUser', () =>
      logins.updateOne({ _id: login, at }, { $set: { user: fresh.user, at: fresh.at } }),
    );
    if (won.modifiedCount === 0) throw taken;
  }
  return fresh.at;
}
