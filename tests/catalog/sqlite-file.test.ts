import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Writer } from '../../lib/catalog/sqlite/writer.ts';
import { sqliteCatalog } from '../../lib/catalog/sqlite.ts';
import type { Catalog } from '../../lib/core/contracts.ts';
import { fails, newId, TestHome } from '../conformance/catalog-bench.ts';

describe('SQLite catalog: its file', () => {
  let folder: string;
  let path: string;
  let count = 0;
  const opened: Catalog[] = [];
  const open = async (options = {}) => {
    const catalog = await sqliteCatalog({ path, ids: newId, ...options });
    opened.push(catalog);
    return catalog;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-file-'));
  });
  beforeEach(() => {
    path = join(folder, `${count++}.sqlite`);
  });
  after(async () => {
    await Promise.all(opened.map((catalog) => catalog.close()));
    await rm(folder, { recursive: true, force: true });
  });

  it('what was written is there after closing and opening', async () => {
    const first = await open();
    const home = await TestHome.make(first);
    const { entry } = await home.file('a', 'a');
    const version = await home.version(home.id);
    await first.close();
    const again = home.through(await open());
    assert.deepEqual(await again.at('a'), entry);
    assert.equal(await again.version(home.id), version);
  });

  it('closing lets what was asked finish, and refuses what comes later', async () => {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    const asked = Promise.all(Array.from({ length: 700 }, (_, n) => home.file(`${n}`, 'x')));
    await catalog.close();
    assert.equal((await asked).length, 700);
    await assert.rejects(home.file('late', 'x'), fails('unavailable'));
    await assert.rejects(home.at('late'), fails('unavailable'));
    await assert.rejects(home.names(), fails('unavailable'));
    await catalog.close();
    assert.equal((await home.through(await open()).names()).length, 700);
  });

  it('a schema from the future is refused with advice', async () => {
    await (await open()).close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    await assert.rejects(
      open(),
      (error: Error) => fails('unsupported')(error) && /newer Hearth/.test(error.message),
    );
  });

  it('a file that is no catalog is refused, and left as it is', async () => {
    await writeFile(path, 'not a database, but somebody needs it\n'.repeat(100));
    await assert.rejects(open(), fails('internal'));
    assert.match(await readFile(path, 'utf8'), /^not a database/);
  });

  it('a folder that is not there is reported', async () => {
    path = join(folder, 'none', 'catalog.sqlite');
    await assert.rejects(open({ wait: 50 }), fails('unavailable'));
  });

  it('another process that keeps the file locked makes changes unavailable in time, and reads go on', async () => {
    const catalog = await open({ wait: 100 });
    const home = await TestHome.make(catalog);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(home.file('a', 'a'), fails('unavailable'));
    assert.deepEqual(await home.names(), []);
    other.exec('ROLLBACK');
    other.close();
    await home.file('a', 'a');
    assert.deepEqual(await home.names(), ['a']);
  });

  it('a full disk is no-space, changes nothing, and is over when there is room', async () => {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    await home.file('before', 'x');
    const writer = new Writer({ path, wait: 1000, pagesMax: 80 });
    await writer.start();
    const props = { '{a}b': 'x'.repeat(4_000_000) };
    const draft = { parent: home.id, name: 'big', modified: 0, props };
    await assert.rejects(writer.call('mkdir', [draft, home.change(), newId()]), fails('no-space'));
    await writer.call('mkdir', [{ parent: home.id, name: 'small', modified: 0 }, home.change(), newId()]);
    await writer.close();
    assert.deepEqual(await home.names(), ['before', 'small']);
    assert.deepEqual(await catalog.upkeep.repair(), []);
  });

  it('a writing thread that dies fails its calls, and the next call has a new one', async () => {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    const writer = new Writer({ path, wait: 1000 });
    await writer.start();
    // Somebody else is writing, so that the thread cannot be done before it dies.
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const doomed = writer.call('putSetting', ['a', '1']);
    writer.kill();
    await assert.rejects(doomed, fails('unavailable'));
    other.exec('ROLLBACK');
    other.close();
    await writer.call('putSetting', ['b', '2']);
    await writer.close();
    assert.equal(await catalog.accounts.setting('b'), '2');
    await home.file('a', 'a');
  });

  it('a backup taken while others write is whole, and its history is another one', async () => {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    const target = join(folder, 'backup.sqlite');
    let writing = true;
    const writes = (async () => {
      for (let n = 0; writing; n++) await home.file(`${n % 300}`, `${n}`);
    })();
    await sleep(50);
    await catalog.upkeep.backup(target);
    writing = false;
    await writes;
    await assert.rejects(catalog.upkeep.backup(target), fails('unavailable'));
    path = target;
    const copy = home.through(await open());
    assert.deepEqual(await copy.catalog.upkeep.repair(), []);
    const seq = await copy.seq();
    assert.ok(seq > 0 && seq <= (await home.seq()));
    for (let n = (await home.seq()) - seq; n > 0; n--) await copy.file(`${n % 300}`, 'other');
    assert.equal(await copy.seq(), await home.seq());
    assert.notEqual(await copy.version(copy.id), await home.version(home.id));
  });

  it('removed folders are counted and folder versions folded when nobody waits', async () => {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    const top = await home.folder('f');
    await home.file('a', '12345', top.id);
    await home.remove(top.id);
    const version = await home.version(home.id);
    for (let tries = 0; (await catalog.trash(home.id))[0]?.size !== 5; tries++) {
      assert.ok(tries < 200, 'the folder is counted in time');
      await sleep(20);
    }
    assert.equal(await home.version(home.id), version);
    const db = new DatabaseSync(path);
    assert.deepEqual(
      { ...db.prepare('SELECT count(*) AS open FROM homes WHERE folded < seq').get() },
      { open: 0 },
    );
    db.close();
  });

  it("the views show Girder's fields", async () => {
    const catalog = await open();
    const home = await TestHome.make(catalog);
    const folder = await home.folder('Data');
    const { entry } = await home.file('Zenodo.csv', 'x', folder.id);
    const gone = await home.folder('gone');
    await home.remove(gone.id);
    const db = new DatabaseSync(path);
    const one = (sql: string) => db.prepare(sql).get() ?? {};
    assert.equal(one('SELECT login FROM user').login, home.user.login);
    const root = one("SELECT * FROM folder WHERE parentCollection = 'user'");
    assert.deepEqual([root._id, root.name, root.parentId], [home.id, 'Home', home.user.id]);
    const data = one("SELECT * FROM folder WHERE lowerName = 'data'");
    assert.deepEqual([data.parentId, data.baseParentId, data.size], [home.id, home.user.id, 1]);
    const item = one('SELECT * FROM item');
    assert.deepEqual([item._id, item.folderId, item.lowerName], [entry.id, folder.id, 'zenodo.csv']);
    const file = one('SELECT * FROM file');
    assert.equal(file.itemId, entry.id);
    assert.notEqual(file._id, entry.id);
    assert.match(String(file.path), /^[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{128}$/);
    assert.equal(db.prepare('SELECT count(*) AS n FROM folder').get()?.n, 2);
    db.close();
  });
});
