import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Document, Long, MongoClient, ObjectId } from 'mongodb';
import { indexes, nameOf, shardKeys } from '../../lib/catalog/mongo/collections.ts';
import { mongoCatalog } from '../../lib/catalog/mongo.ts';
import type { Catalog } from '../../lib/core/contracts.ts';
import { extentOf, fails, newId, refOf, start, TestHome } from '../conformance/catalog-bench.ts';
import { type Mongo, mongo } from '../support/mongod.ts';
import { needsMongo } from '../support/mongod-binary.ts';

/** The documents, as Girder 3 and 5 write and read them (`girder/models`), and what Girder does to ours. */
describe('Girder’s documents', { skip: needsMongo('set') }, () => {
  let server: Mongo;
  let client: MongoClient;
  let catalog: Catalog;
  let url: string;
  const db = () => client.db();
  const open = () =>
    mongoCatalog({ url, ids: newId, clock: () => start, assetstore: { root: '/srv/assetstore' } });
  before(async () => {
    server = await mongo('set');
    url = server.database();
    // As Girder's driver would show the types.
    client = await MongoClient.connect(url, { promoteLongs: false });
    catalog = await open();
  });
  after(async () => {
    await catalog?.close();
    await client?.close();
    await server?.close();
  });
  const one = async (collection: string, filter: Document): Promise<Document> => {
    const found = await db().collection(collection).findOne(filter);
    assert.ok(found !== null, `${collection} ${JSON.stringify(filter)}`);
    return found;
  };
  const settled = async (home: TestHome) => home.catalog.upkeep.expire(home.now, 0);

  /** What Girder's models write (`createFolder`, `createItem`, `createFile`, `createUser`). */
  const girder = {
    user: async (login: string) => {
      const _id = new ObjectId();
      const doc = {
        ...{ _id, login, email: `${login}@example.org`, firstName: 'G', lastName: 'I', salt: '$2b$12$x' },
        ...{ created: new Date(start), emailVerified: false, status: 'enabled', admin: false, public: true },
        ...{ size: 0, groups: [], groupInvites: [], access: { users: [{ id: _id, level: 2, flags: [] }] } },
      };
      await db().collection('user').insertOne(doc);
      return _id;
    },
    folder: async (parentId: ObjectId, name: string, user: ObjectId, more: Document = {}) => {
      const _id = new ObjectId();
      await db()
        .collection('folder')
        .insertOne({
          ...{
            _id,
            name,
            lowerName: name.toLowerCase(),
            description: '',
            parentCollection: 'folder',
            parentId,
          },
          ...{ baseParentType: 'user', baseParentId: user, creatorId: user, created: new Date(start) },
          ...{ updated: new Date(start), size: 0, meta: { a: 1 }, public: false },
          ...{ access: { users: [{ id: user, level: 2, flags: [] }], groups: [] }, ...more },
        });
      return _id;
    },
    item: async (folderId: ObjectId, name: string, user: ObjectId, files: readonly string[]) => {
      const _id = new ObjectId();
      const size = files.reduce((sum, text) => sum + text.length, 0);
      await db()
        .collection('item')
        .insertOne({
          ...{ _id, name, lowerName: name.toLowerCase(), description: '', folderId, baseParentType: 'user' },
          ...{ baseParentId: user, creatorId: user, created: new Date(start), updated: new Date(start) },
          ...{ size, meta: {} },
        });
      for (const [n, text] of files.entries()) {
        const sha512 = refOf(text);
        await db()
          .collection('file')
          .insertOne({
            ...{ _id: new ObjectId(), name: n === 0 ? name : `${n}-${name}`, exts: ['txt'], itemId: _id },
            ...{ mimeType: 'text/plain', size: text.length, creatorId: user, created: new Date(start) },
            ...{ assetstoreId: new ObjectId(), sha512, path: `${sha512.slice(0, 2)}/${sha512}` },
          });
      }
      return _id;
    },
  };

  it('a user, a home and a file are Girder’s own documents, ours under one key without an id in it', async () => {
    const home = await TestHome.make(catalog);
    const folder = await home.folder('Data');
    const { entry } = await home.file('Table.Tar.GZ', 'content', folder.id);
    const user = await one('user', { _id: new ObjectId(home.user.id) });
    assert.deepEqual(
      [user.login, user.email, user.salt, user.status, user.admin, user.public, user.groups],
      [home.user.login, '', null, 'enabled', false, false, []],
    );
    assert.ok(user.created instanceof Date);
    assert.deepEqual(user.access.users, [{ id: user._id, level: 2, flags: [] }]);

    const root = await one('folder', { _id: new ObjectId(home.id) });
    assert.deepEqual(
      [root.name, root.parentCollection, root.parentId, root.baseParentType, root.baseParentId, root.public],
      ['Home', 'user', user._id, 'user', user._id, false],
    );
    const data = await one('folder', { _id: new ObjectId(folder.id) });
    assert.deepEqual(
      [data.name, data.lowerName, data.parentCollection, data.parentId, data.description, data.meta],
      ['Data', 'data', 'folder', root._id, '', {}],
    );
    const item = await one('item', { _id: new ObjectId(entry.id) });
    assert.deepEqual(
      [item.name, item.lowerName, item.folderId, item.baseParentId, item.description],
      ['Table.Tar.GZ', 'table.tar.gz', data._id, user._id, ''],
    );
    const file = await one('file', { itemId: item._id });
    const sha512 = refOf('content');
    assert.deepEqual(
      [file.name, file.exts, file.sha512, file.path, file.creatorId],
      [
        'Table.Tar.GZ',
        ['tar', 'gz'],
        sha512,
        `${sha512.slice(0, 2)}/${sha512.slice(2, 4)}/${sha512}`,
        user._id,
      ],
    );
    assert.notEqual(file._id.toHexString(), item._id.toHexString());
    const store = await one('assetstore', { _id: file.assetstoreId });
    assert.deepEqual(
      [store.type, store.root, store.perms, store.current],
      [0, '/srv/assetstore', 0o600, true],
    );
    const ids = [home.id, folder.id, entry.id, home.user.id, file._id.toHexString()];
    for (const doc of [root, data, item, file]) {
      const own = JSON.stringify(doc.hearth ?? {});
      assert.ok(!ids.some((id) => own.includes(id)), own);
    }
  });

  it('sizes have Girder’s meaning: an item its files, a folder its own items, a user the whole tree', async () => {
    const home = await TestHome.make(catalog);
    const folder = await home.folder('a');
    await home.file('x', '12345', folder.id);
    await home.file('y', '123', home.id);
    await home.file('y', '1234567', home.id);
    await settled(home);
    const sizeOf = async (collection: string, id: string) =>
      Number((await one(collection, { _id: new ObjectId(id) })).size);
    assert.equal(await sizeOf('folder', folder.id), 5);
    assert.equal(await sizeOf('folder', home.id), 7);
    assert.equal(await sizeOf('user', home.user.id), 12);
  });

  it('hazard 1: every size is a BSON Long, beyond 2³¹ and below', async () => {
    const home = await TestHome.make(catalog, 2 ** 40);
    const size = 3_000_000_000;
    const draft = {
      version: 'v',
      size,
      extents: [{ ref: refOf('big'), offset: 0, length: size }],
      modified: start,
    };
    const { entry } = await catalog.put({ parent: home.id, name: 'big', ...draft }, home.change());
    await home.splice(entry.id, { offset: 'append', extents: [extentOf('tail')] });
    await home.copy(entry.id, 'copy');
    await home.file('small', 'x');
    await settled(home);
    const found = [
      ...(await db()
        .collection('item')
        .find({ baseParentId: new ObjectId(home.user.id) })
        .toArray()),
      ...(await db()
        .collection('file')
        .find({ creatorId: new ObjectId(home.user.id) })
        .toArray()),
      await one('folder', { _id: new ObjectId(home.id) }),
      await one('user', { _id: new ObjectId(home.user.id) }),
    ];
    for (const doc of found) assert.ok(doc.size instanceof Long, `${doc.name}: ${doc.size}`);
    const pieces = found.flatMap((doc) => doc.hearth?.extents ?? []);
    assert.ok(pieces.length > 0);
    for (const { offset, length } of pieces) assert.ok(offset instanceof Long && length instanceof Long);
    assert.ok((await one('user', { _id: new ObjectId(home.user.id) })).quota.fileSizeQuota instanceof Long);
    assert.equal((await home.at('copy'))?.size, size + 4);
  });

  it('hazard 3: what Girder copies with all our fields is an entry of its own', async () => {
    const home = await TestHome.make(catalog);
    const folder = await home.folder('original');
    const { entry } = await home.file('file', 'text', folder.id);
    await catalog.annotate(entry.id, { set: { '{a}b': '<b/>' } }, home.change());
    await settled(home);
    // `copyFolder`, `copyItem`, `copyFile`: a deep copy under new ids.
    const copyOf = async (collection: string, filter: Document, more: Document) => {
      const { _id, ...doc } = await one(collection, filter);
      const copied = new ObjectId();
      await db()
        .collection(collection)
        .insertOne({ ...doc, _id: copied, ...more });
      return copied;
    };
    const named = { name: 'copied', lowerName: 'copied' };
    const copied = await copyOf('folder', { _id: new ObjectId(folder.id) }, named);
    const item = await copyOf('item', { _id: new ObjectId(entry.id) }, { folderId: copied });
    await copyOf('file', { itemId: new ObjectId(entry.id) }, { itemId: item, copied: new Date(start) });
    const found = await home.at('copied', 'file');
    assert.equal(found?.version, entry.version);
    assert.notEqual(found?.id, entry.id);
    assert.notEqual((await home.at('copied'))?.version, await home.version(folder.id));
    await home.file('file', 'changed', copied.toHexString());
    assert.equal((await home.at('original', 'file'))?.version, entry.version);
    assert.deepEqual((await home.at('original', 'file'))?.props, { '{a}b': '<b/>' });
    await home.remove(folder.id);
    assert.equal((await home.at('copied', 'file'))?.size, 7);
  });

  it('hazard 4: no unique index of ours lies over Girder’s collections, and each has its shard key in it', async () => {
    for (const [key, wanted] of Object.entries(indexes)) {
      for (const { key: fields, unique } of wanted) {
        if (unique !== true) continue;
        const over = Object.keys(fields as object);
        const shard = shardKeys[key as keyof typeof shardKeys];
        assert.ok(
          shard.every((field) => over.includes(field)),
          `${key} ${over}`,
        );
        assert.ok(['setting', 'journal'].includes(key), `${key} is unique over ${over}`);
      }
    }
    const made = await db().collection(nameOf('folder')).indexes();
    assert.ok(made.every(({ unique }) => unique !== true));
    // Girder makes its own at its start; ours are there at a start after it.
    await db().collection('folder').createIndex({ parentId: 1, name: 1, lowerName: 1 });
    await (await open()).close();
  });

  it('hazard 5: every blob that we hold has a file document with its hash and assetstore', async () => {
    const home = await TestHome.make(catalog);
    const texts = ['first', 'second piece', 'in trash', 'replaced'];
    const [whole = '', piece = '', trashed = '', replaced = ''] = texts;
    const { entry } = await home.file('pieces', whole);
    await home.splice(entry.id, { offset: 2, extents: [extentOf(piece)] });
    await home.file('gone', trashed);
    await home.remove((await home.at('gone'))?.id ?? '');
    await home.file('over', replaced);
    await home.file('over', whole);
    const copied = await home.copy(entry.id, 'copy of pieces');
    const held = async (text: string) =>
      db()
        .collection('file')
        .countDocuments({ sha512: refOf(text), assetstoreId: { $type: 'objectId' } });
    assert.ok((await held(whole)) >= 3);
    assert.equal(await held(piece), 2);
    assert.equal(await held(trashed), 1);
    assert.equal(await held(replaced), 0);
    const pins = await db()
      .collection('file')
      .find({ sha512: refOf(piece) })
      .toArray();
    assert.ok(pins.every((pin) => pin.itemId === null && pin.attachedToType === 'item'));
    const joined = 'fisecond piece';
    await catalog.compact(entry.id, (await home.version(entry.id)) ?? '', [extentOf(joined)]);
    assert.equal(await held(piece), 1);
    assert.equal(await held(joined), 1);
    await home.file('copy of pieces', joined);
    assert.equal(await held(piece), 0);
    assert.equal(copied.entry.size, joined.length);
  });

  it('hazard 7: a user of a plain Girder gets a private folder Home, once; one that is there is taken', async () => {
    const user = await girder.user(`plain-${newId()}`);
    const second = await open();
    try {
      const both = await Promise.all(
        [catalog, second].map((each) => each.accounts.userById(user.toHexString())),
      );
      const [first] = both;
      assert.equal(new Set(both.map((each) => each?.home)).size, 1);
      const homes = await db().collection('folder').find({ parentId: user, name: 'Home' }).toArray();
      assert.deepEqual(
        homes.map((doc) => [doc._id.toHexString(), doc.public]),
        [[first?.home, false]],
      );
      const taken = await girder.user(`wt-${newId()}`);
      const existing = await girder.folder(taken, 'Home', taken, { parentCollection: 'user' });
      const found = await second.accounts.userById(taken.toHexString());
      assert.equal(found?.home, existing.toHexString());
      assert.ok(found !== undefined);
      await new TestHome(second, found).file('x', 'x');
    } finally {
      await second.close();
    }
  });

  it('what Girder has made is read: an item of one file is a file, of several or none a folder', async () => {
    const home = await TestHome.make(catalog);
    const user = new ObjectId(home.user.id);
    const root = new ObjectId(home.id);
    const folder = await girder.folder(root, 'from girder', user);
    await girder.item(folder, 'single.txt', user, ['hello']);
    await girder.item(folder, 'several', user, ['one', 'three']);
    await girder.item(folder, 'none', user, []);
    assert.deepEqual(await home.tree(folder.toHexString()), {
      'none/': '',
      'several/': '',
      'several/1-several': refOf('three').slice(0, 32),
      'several/several': refOf('one').slice(0, 32),
      'single.txt': refOf('hello').slice(0, 32),
    });
    const single = await home.at('from girder', 'single.txt');
    assert.deepEqual([single?.kind, single?.size, single?.mime], ['file', 5, 'text/plain']);
    assert.deepEqual((await catalog.layout(single?.id ?? ''))?.extents, [extentOf('hello')]);
    const member = await home.at('from girder', 'several', '1-several');
    assert.deepEqual((await catalog.layout(member?.id ?? ''))?.extents, [extentOf('three')]);
    assert.deepEqual(await catalog.entry(member?.id ?? ''), member);
    const several = await home.at('from girder', 'several');
    await assert.rejects(home.file('x', 'x', several?.id), fails('unsupported'));
    await assert.rejects(home.remove(member?.id ?? ''), fails('unsupported'));
    await home.move(several?.id ?? '', 'moved');
    assert.equal((await home.names()).includes('moved'), true);
    await home.file('single.txt', 'changed', folder.toHexString());
    assert.equal((await home.at('from girder', 'single.txt'))?.id, single?.id);
    assert.equal((await one('file', { itemId: new ObjectId(single?.id ?? '') })).sha512, refOf('changed'));
  });

  it('a name that no path can hold is shown escaped, and found by what is shown', async () => {
    const home = await TestHome.make(catalog);
    const user = new ObjectId(home.user.id);
    const root = new ObjectId(home.id);
    await girder.item(root, 'a/b', user, ['x']);
    await girder.folder(root, '..', user);
    await home.file('a%2Fc', 'y');
    // In the order of the names as they are stored: `/` comes after `%`.
    assert.deepEqual(await home.names(), ['%2E%2E', 'a%2Fc', 'a%2Fb']);
    for (const name of await home.names()) assert.equal((await home.at(name))?.name, name);
    await assert.rejects(home.folder('a%2Fb'), fails('exists'));
    await home.move((await home.at('a%2Fb'))?.id ?? '', 'plain');
    assert.deepEqual(await home.names(), ['%2E%2E', 'a%2Fc', 'plain']);
  });

  it('Girder’s tokens and API keys are found with their users, and those that are not good are not', async () => {
    const user = await girder.user(`keys-${newId()}`);
    const secret = createHash('sha256').update(newId()).digest('hex');
    const key = secret.slice(0, 40);
    const access = { users: [{ id: user, level: 2, flags: [] }], groups: [] };
    const expires = new Date(start + 1000);
    await db()
      .collection<Document & { _id: string }>('token')
      .insertOne({
        ...{ _id: secret, created: new Date(start), expires: new Date(Date.now() + 86_400_000) },
        ...{ scope: ['core.user_auth'], userId: user, access },
      });
    const dead = secret.toUpperCase();
    await db()
      .collection<Document & { _id: string }>('token')
      .insertOne({
        ...{ _id: dead, created: new Date(start), expires, scope: [], userId: new ObjectId(), access },
      });
    const keyOf = (more: Document) => ({
      ...{ key, name: 'k', scope: null, tokenDuration: null, active: true, created: new Date(start) },
      ...{ lastUse: null, userId: user, access, ...more },
    });
    await db().collection('api_key').insertOne(keyOf({}));
    await db()
      .collection('api_key')
      .insertOne(keyOf({ key: `${key.slice(1)}z`, active: false }));
    const { girder: credentials } = catalog.accounts;
    const found = await credentials?.token(secret);
    assert.deepEqual([found?.user.id, found?.scope], [user.toHexString(), ['core.user_auth']]);
    assert.ok((found?.expires ?? 0) > Date.now());
    const byKey = await credentials?.apiKey(key);
    assert.deepEqual([byKey?.user.id, byKey?.scope, byKey?.expires], [user.toHexString(), null, null]);
    assert.ok(!JSON.stringify([found, byKey]).includes(key));
    assert.equal(await credentials?.token(dead), undefined);
    assert.equal(await credentials?.token(key), undefined);
    assert.equal(await credentials?.apiKey(`${key.slice(1)}z`), undefined);
  });
});
