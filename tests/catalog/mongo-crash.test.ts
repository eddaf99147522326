import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MongoClient, ObjectId } from 'mongodb';
import { mongoCatalog } from '../../lib/catalog/mongo.ts';
import { fails, newId, refOf, TestHome } from '../conformance/catalog-bench.ts';
import { type Mongo, mongo } from '../support/mongod.ts';
import { needsMongo } from '../support/mongod-binary.ts';

/**
 * A process that died between two writes, without transactions: what it had announced is in the home's document, and
 * nothing or a part of it was made. The announcement is taken from a real change and put back.
 */
describe('MongoDB: a crash between two writes', { skip: needsMongo('single') }, () => {
  let server: Mongo;
  let url: string;
  let client: MongoClient;
  before(async () => {
    server = await mongo('single');
    url = server.database();
    client = await MongoClient.connect(url, { promoteLongs: false });
  });
  after(async () => {
    await client?.close();
    await server?.close();
  });
  const open = () => mongoCatalog({ url, ids: newId, transactions: false });

  /** Runs a change, then takes back what it wrote but for its announcement. */
  async function announced(change: (home: TestHome) => Promise<unknown>, made: readonly string[] = []) {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    const folder = await home.folder('folder');
    const old = await home.file('old', 'old content', folder.id);
    await catalog.upkeep.expire(home.now, 0);
    const names = ['folder', 'item', 'file', 'hearth_trash', 'hearth_lock'];
    const owner = {
      $or: [
        { baseParentId: new ObjectId(home.user.id) },
        { creatorId: new ObjectId(home.user.id) },
        { home: home.id },
      ],
    };
    const before = new Map<string, unknown[]>();
    const db = client.db();
    for (const name of names) before.set(name, await db.collection(name).find(owner).toArray());
    const homes = db.collection('hearth_home');
    let intent: unknown;
    const watched = await open();
    try {
      const watcher = new TestHome(watched, home.user);
      watcher.now = home.now;
      // The announcement is gone once the change is made, so it is read while the change is on its way.
      const stream = (async () => {
        for (let tries = 0; tries < 2000 && intent === undefined; tries++) {
          const found = await homes.findOne({ _id: new ObjectId(home.id), intent: { $exists: true } });
          if (found !== null) intent = found.intent;
        }
      })();
      await change(watcher);
      await stream;
    } finally {
      await watched.close();
      await catalog.close();
    }
    assert.ok(intent !== undefined, 'the announcement was seen');
    for (const name of names) {
      if (made.includes(name)) continue;
      await db.collection(name).deleteMany(owner);
      const docs = before.get(name) ?? [];
      if (docs.length > 0) await db.collection(name).insertMany(docs as never[]);
    }
    const now = await homes.findOne({ _id: new ObjectId(home.id) });
    await homes.updateOne(
      { _id: new ObjectId(home.id) },
      { $set: { intent, applied: Number(now?.rev) - 1 } },
    );
    return { home, folder, old: old.entry };
  }

  async function afterwards(user: TestHome['user'], check: (home: TestHome) => Promise<void>) {
    const catalog = await open();
    try {
      const home = new TestHome(catalog, user);
      home.now += 1_000_000;
      await check(home);
      assert.deepEqual(await catalog.upkeep.repair(), []);
    } finally {
      await catalog.close();
    }
  }

  it('a file that was announced is there whole for the next who looks', async () => {
    const { home, folder } = await announced((one) => one.file('new', 'new content', one.id));
    await afterwards(home.user, async (seen) => {
      assert.deepEqual(await seen.names(), ['folder', 'new']);
      const layout = await seen.catalog.layout((await seen.at('new'))?.id ?? '');
      assert.equal(layout?.extents[0]?.ref, refOf('new content'));
      assert.equal(await seen.used(), 'new content'.length + 'old content'.length);
      assert.equal((await seen.at('folder'))?.id, folder.id);
    });
  });

  it('an overwrite of which half was made is made whole, sizes as Longs', async () => {
    const { home, old, folder } = await announced(
      (one) => one.at('folder').then((f) => one.file('old', 'replaced', f?.id)),
      ['item'],
    );
    await afterwards(home.user, async (seen) => {
      assert.equal((await seen.at('folder', 'old'))?.id, old.id);
      assert.equal((await seen.catalog.layout(old.id))?.extents[0]?.ref, refOf('replaced'));
      const file = await client
        .db()
        .collection('file')
        .findOne({ itemId: new ObjectId(old.id) });
      assert.equal(file?.size.constructor.name, 'Long');
      assert.equal((await seen.names(folder.id)).length, 1);
    });
  });

  it('a move is at its new place and not at the old one, and the next change finds it there', async () => {
    const { home, old } = await announced((one) =>
      one.at('folder', 'old').then((entry) => one.move(entry?.id ?? '', 'moved')),
    );
    await afterwards(home.user, async (seen) => {
      await assert.rejects(seen.file('moved', 'x', seen.id, { expect: 'absent' }), fails('stale'));
      assert.equal((await seen.at('moved'))?.id, old.id);
      assert.equal(await seen.at('folder', 'old'), undefined);
    });
  });

  it('a removal is whole: nothing is reachable, and it can be restored', async () => {
    const { home, folder, old } = await announced(
      (one) => one.at('folder').then((entry) => one.remove(entry?.id ?? '')),
      ['hearth_trash'],
    );
    await afterwards(home.user, async (seen) => {
      assert.equal(await seen.catalog.entry(old.id), undefined);
      await seen.restore(folder.id);
      assert.equal((await seen.at('folder', 'old'))?.id, old.id);
    });
  });

  it('a straggler that comes to write what was written long ago changes nothing', async () => {
    const { home, folder } = await announced((one) =>
      one.at('folder').then((f) => one.file('old', 'first', f?.id)),
    );
    const _id = new ObjectId(home.id);
    const homes = client.db().collection('hearth_home');
    const late = (await homes.findOne({ _id }))?.intent;
    await afterwards(home.user, async (seen) => {
      await seen.file('old', 'second', folder.id);
    });
    const rev = (await homes.findOne({ _id }))?.rev;
    // As if nobody had marked it: the old announcement under its old number is made again.
    const item = await client
      .db()
      .collection('item')
      .findOne({ folderId: new ObjectId(folder.id) });
    assert.ok(item !== null && Number(item.hearth.rev) <= Number(rev));
    const [first] = late as { on: string; set: Record<string, unknown> }[];
    const before = JSON.stringify(item);
    await client
      .db()
      .collection('item')
      .updateOne(
        { _id: item._id, 'hearth.rev': { $not: { $gte: Number(item.hearth.rev) - 1 } } },
        { $set: first?.set ?? {} },
      );
    assert.equal(JSON.stringify(await client.db().collection('item').findOne({ _id: item._id })), before);
  });
});
