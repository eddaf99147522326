import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Long, MongoClient } from 'mongodb';
import { dumpedContents } from '../../lib/catalog/mongo/load.ts';
import { mongoCatalog, restoreMongo } from '../../lib/catalog/mongo.ts';
import { extentOf, fails, newId, refOf, TestHome } from '../conformance/catalog-bench.ts';
import { type Mongo, mongo } from '../support/mongod.ts';
import { needsMongo } from '../support/mongod-binary.ts';

describe('MongoDB: a backup', { skip: needsMongo('set') }, () => {
  let server: Mongo;
  let folder: string;
  before(async () => {
    server = await mongo('set');
    folder = await mkdtemp(join(tmpdir(), 'hearth-dump-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await server?.close();
  });

  it('taken while others write is whole, and its history is another one', async () => {
    const catalog = await mongoCatalog({ url: server.database(), ids: newId });
    const home = await TestHome.make(catalog, 10_000_000);
    const sub = await home.folder('sub');
    const pieces = await home.file('pieces', 'first', sub.id);
    await home.splice(pieces.entry.id, { offset: 2, extents: [extentOf('second')] });
    const waiting = Buffer.from('waits in the catalog');
    const draft = { ref: refOf(String(waiting)), offset: 0, length: waiting.length };
    const small = { version: 'v', size: waiting.length, extents: [draft], body: waiting, modified: 1 };
    await catalog.put({ parent: home.id, name: 'small', ...small }, home.change());
    let writing = true;
    const writes = (async () => {
      for (let n = 0; writing; n++) await home.file(`${n % 50}`, `${n}`);
    })();
    await sleep(200);
    const target = join(folder, 'one.bson');
    await catalog.upkeep.backup(target);
    writing = false;
    await writes;
    await assert.rejects(catalog.upkeep.backup(target), fails('unavailable'));

    const contents = await dumpedContents(target);
    const refs = new Set<string | null>();
    for await (const page of contents.upkeep.layouts()) {
      for (const { layout } of page) for (const { ref } of layout.extents) refs.add(ref);
    }
    for (const text of ['first', 'second', String(waiting)]) assert.ok(refs.has(refOf(text)), text);
    assert.ok((await contents.body(refOf(String(waiting)))) !== undefined);
    assert.equal(await contents.body(refOf('first')), undefined);

    const url = server.database();
    await restoreMongo({ url, ids: newId, assetstore: { root: '/srv/elsewhere' } }, target);
    const copy = await mongoCatalog({ url, ids: newId, assetstore: { root: '/srv/elsewhere' } });
    const restored = home.through(copy);
    assert.deepEqual(await copy.upkeep.repair(), []);
    const seq = await restored.seq();
    assert.ok(seq > 0 && seq <= (await home.seq()));
    for (let n = (await home.seq()) - seq; n > 0; n--) await restored.file(`${n % 50}`, 'other');
    assert.equal(await restored.seq(), await home.seq());
    assert.notEqual(await restored.version(restored.id), await home.version(home.id));
    assert.deepEqual(await copy.layout(pieces.entry.id), await catalog.layout(pieces.entry.id));
    assert.equal(String(await copy.body(refOf(String(waiting)))), String(waiting));
    const client = await MongoClient.connect(url, { promoteLongs: false });
    const file = await client
      .db()
      .collection('file')
      .findOne({ itemId: { $ne: null } });
    assert.ok(file?.size instanceof Long);
    const stores = await client.db().collection('assetstore').find().toArray();
    assert.deepEqual(
      stores.map(({ root }) => root),
      ['/srv/elsewhere'],
    );
    await client.close();
    await assert.rejects(restoreMongo({ url, ids: newId }, target), fails('exists'));
    await copy.close();
    await catalog.close();
  });

  it('that was cut short is refused', async () => {
    const catalog = await mongoCatalog({ url: server.database(), ids: newId });
    await TestHome.make(catalog);
    const target = join(folder, 'cut.bson');
    await catalog.upkeep.backup(target);
    await catalog.close();
    await truncate(target, (await readFile(target)).length - 3);
    await assert.rejects(restoreMongo({ url: server.database(), ids: newId }, target), fails('invalid'));
  });

  it('of one server without replica set is refused, and says what to do', async () => {
    const catalog = await mongoCatalog({ url: server.database(), ids: newId, transactions: false });
    await assert.rejects(catalog.upkeep.backup(join(folder, 'never.bson')), (error: Error) => {
      assert.match(error.message, /replica set.*mongodump/);
      return true;
    });
    await catalog.close();
  });
});
