import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { filesystemBlobs } from '../../lib/blobs/filesystem.ts';
import { type CommandEvent, mongoCatalog } from '../../lib/catalog/mongo.ts';
import type { BlobStore, Catalog, Workspace } from '../../lib/core/contracts.ts';
import { parsePath } from '../../lib/core/path.ts';
import type { TokenRecord } from '../../lib/core/values.ts';
import { workspaces } from '../../lib/workspace/workspaces.ts';
import { newId, TestHome } from '../conformance/catalog-bench.ts';
import { type Mongo, mongo } from '../support/mongod.ts';
import { needsMongo } from '../support/mongod-binary.ts';
import { notIndexed } from './mongo-explain.ts';

/** Ways to the database and back that wait for each other; what goes at the same time is one. */
class Rounds {
  count = 0;
  readonly commands: CommandEvent[] = [];
  private readonly depths = new Map<number, number>();

  readonly seen = (event: CommandEvent): void => {
    // Further batches of a cursor depend on how much there is.
    if (event.name === 'getMore') return;
    if (event.command !== undefined) {
      this.commands.push(event);
      this.depths.set(event.id, this.count + 1);
    } else this.count = Math.max(this.count, this.depths.get(event.id) ?? 0);
  };

  async of(work: () => Promise<unknown>): Promise<number> {
    // Settlements and marks come after 50 ms without a change.
    await sleep(200);
    this.count = 0;
    this.depths.clear();
    await work();
    return this.count;
  }
}

describe('MongoDB: rounds and indexes', { skip: needsMongo('set') }, () => {
  let server: Mongo;
  let url: string;
  let folder: string;
  let blobs: BlobStore;
  const catalogs: Catalog[] = [];
  before(async () => {
    server = await mongo('set');
    folder = await mkdtemp(join(tmpdir(), 'hearth-rounds-'));
    blobs = await filesystemBlobs({ root: folder });
    url = server.database();
  });
  after(async () => {
    for (const catalog of catalogs) await catalog.close();
    await blobs?.close();
    await rm(folder, { recursive: true, force: true });
    await server?.close();
  });

  async function opened(transactions: boolean) {
    const rounds = new Rounds();
    const catalog = await mongoCatalog({ url, ids: newId, transactions, onCommand: rounds.seen });
    catalogs.push(catalog);
    const home = await TestHome.make(catalog);
    const { user } = home;
    const options = { catalog, blobs, clock: Date.now, ids: newId, uuid: () => newId() };
    const workspace = workspaces({ ...options, durability: 'stored' }).open({
      ...{ user: user.id, login: user.login, admin: false, home: user.home, write: true, root: null },
      credential: 'test',
    });
    return { rounds, catalog, home, workspace };
  }
  const at = (text: string) => ({ path: parsePath(text) });
  const drained = async (workspace: Workspace, path: string) => {
    let count = 0;
    for await (const page of workspace.list(at(path))) count += page.length;
    return count;
  };

  for (const transactions of [true, false]) {
    const how = transactions ? 'with transactions' : 'without';

    it(`PUT of an existing file takes at most 5 rounds, small or staged, ${how}`, async () => {
      const { rounds, workspace } = await opened(transactions);
      await workspace.mkdir(at('/home/folder'));
      const path = at('/home/folder/file');
      await workspace.write(path, Buffer.from('first'));
      const small = await rounds.of(() => workspace.write(path, Buffer.from('second')));
      assert.ok(small <= 5, `${small} rounds`);
      const staged = await rounds.of(() => workspace.write(path, Buffer.alloc(100_000)));
      assert.ok(staged <= 5, `${staged} rounds`);
    });

    it(`a listing takes at most 3 rounds, whatever its size, with its folder’s own properties, ${how}`, async () => {
      const { rounds, home, workspace } = await opened(transactions);
      const big = await home.folder('big');
      await Promise.all(Array.from({ length: 700 }, (_, n) => home.file(`${n}`, 'x', big.id)));
      await home.folder('small');
      for (const [path, size] of [
        ['/home/small', 0],
        ['/home/big', 700],
      ] as const) {
        const count = await rounds.of(async () => {
          // What PROPFIND asks for first, at once.
          await Promise.all([
            workspace.stat(at(path)),
            workspace.locks(at(path)),
            workspace.locksBelow(at(path)),
          ]);
          assert.equal(await drained(workspace, path), size);
        });
        assert.ok(count <= 3, `${path}: ${count} rounds`);
      }
    });

    it(`a path of many names is looked up in one round, and a file is read in two, ${how}`, async () => {
      const { rounds, home, workspace } = await opened(transactions);
      let parent = home.id;
      const names: string[] = [];
      for (let depth = 0; depth < 30; depth++) {
        names.push(`d${depth}`);
        parent = (await home.folder(`d${depth}`, parent)).id;
      }
      const deep = `/home/${names.join('/')}`;
      const file = at(`${deep}/file`);
      await workspace.write(file, Buffer.from('text'));
      assert.equal(await rounds.of(() => workspace.stat(at(deep))), 1);
      assert.equal(await rounds.of(() => workspace.stat(file)), 1);
      assert.equal(await rounds.of(() => assert.rejects(workspace.stat(at(`${deep}/no/where`)))), 1);
      assert.ok((await rounds.of(() => workspace.read(file))) <= 2);
      const moved = await rounds.of(() => workspace.move(file, at('/home/moved')));
      assert.ok(moved <= 10, `${moved} rounds`);
    });
  }

  it('there is an index behind each query', async () => {
    const { rounds, catalog, home, workspace } = await opened(true);
    await workspace.mkdir(at('/home/a'));
    await workspace.write(at('/home/a/x'), Buffer.from('x'));
    await workspace.write(at('/home/a/x'), Buffer.from('y'));
    await workspace.patch(at('/home/a/x'), 'append', Buffer.from('z'));
    await workspace.copy(at('/home/a'), at('/home/b'));
    await workspace.move(at('/home/b'), at('/home/c'));
    await workspace.annotate(at('/home/c'), { set: { '{a}b': '<b/>' } });
    await drained(workspace, '/home');
    await workspace.read(at('/home/a/x'));
    await workspace.remove(at('/home/c'));
    const [record] = await workspace.trash();
    await workspace.restore(record?.entry.id ?? '');
    await workspace.remove(at('/home/c'));
    await workspace.usage();
    await workspace.changes(0, 10);
    const request = { depth: 0, scope: 'exclusive', owner: '', timeout: 1000 } as const;
    const { lock } = await workspace.lock(at('/home/a/x'), request);
    await workspace.refresh(at('/home/a/x'), lock.token, 1000);
    await workspace.unlock(at('/home/a/x'), lock.token);
    const { accounts, uploads, upkeep } = catalog;
    const token: TokenRecord = {
      id: newId(),
      kind: 'password',
      ...{ hash: new Uint8Array(32), user: home.user.id, name: 't' },
      ...{ write: true, root: null, created: 1, expires: 5, lastUsed: null },
    };
    await accounts.createToken(token);
    await accounts.token(token.id);
    await accounts.tokens(home.user.id);
    await accounts.touchToken(token.id, 5);
    await accounts.extendToken(token.id, 9);
    await accounts.user(home.user.login);
    await accounts.link({ issuer: 'i', subject: newId(), user: home.user.id, created: 1 });
    await accounts.linked('i', 's');
    await accounts.links(home.user.id);
    await accounts.setting('a');
    await accounts.putSetting('a', 'b');
    await accounts.girder?.token('x');
    await accounts.girder?.apiKey('x');
    for await (const _ of accounts.users()) break;
    await uploads.list(home.user.id);
    await upkeep.referenced(['00']);
    await upkeep.fragmented(1, Date.now(), 5);
    await upkeep.waiting(5);
    for await (const _ of upkeep.layouts()) break;
    await upkeep.expire(Date.now(), Date.now());
    await upkeep.sweep(Date.now() + 1, 100, home.id);
    await upkeep.sweep(Date.now() + 1, 100);
    await accounts.revokeToken(token.id);
    await accounts.eraseUser(home.user.id);
    assert.ok(rounds.commands.length > 100);
    assert.deepEqual(await notIndexed(url, rounds.commands), []);
  });
});
