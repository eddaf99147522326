import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Lock } from '../../lib/core/values.ts';
import { type CatalogBench, fails, type MakeCatalog, newId, TestHome } from './catalog-bench.ts';

/** Locks, and the changes that rest on them. */
export function locksSuite(name: string, make: MakeCatalog): void {
  describe(`Locks: ${name}`, () => {
    let bench: CatalogBench;
    let home: TestHome;
    before(async () => {
      bench = await make();
    });
    after(async () => bench?.close());
    const fresh = async () => {
      home = await TestHome.make(bench.catalog);
      return (await home.file('locked', 'x')).entry;
    };
    const lockAt = (entry: string, more: Partial<Lock> = {}): Lock => ({
      token: `urn:uuid:${newId()}`,
      home: home.id,
      entry,
      depth: 0,
      scope: 'exclusive',
      owner: '<href>mailto:ada@example.org</href>',
      by: home.user.id,
      expires: home.now + 100_000,
      ...more,
    });
    const held = (now = home.now) => home.catalog.locks.held(home.id, now);
    const create = async (lock: Lock) => {
      await home.catalog.locks.create(lock, (await held()).generation, home.now);
      return lock;
    };

    it('a lock is held as it was made until it is released', async () => {
      const entry = await fresh();
      assert.deepEqual((await held()).locks, []);
      const one = await create(lockAt(entry.id));
      const two = await create(lockAt(home.id, { depth: 'infinity', scope: 'shared' }));
      assert.deepEqual(
        (await held()).locks.toSorted((a, b) => a.depth.toString().localeCompare(b.depth.toString())),
        [one, two],
      );
      assert.equal(await home.catalog.locks.release(one.token, home.now), true);
      assert.equal(await home.catalog.locks.release(one.token, home.now), false);
      assert.deepEqual((await held()).locks, [two]);
    });

    it('the generation changes whenever a lock comes or goes', async () => {
      const entry = await fresh();
      const seen = [(await held()).generation];
      const lock = await create(lockAt(entry.id));
      seen.push((await held()).generation);
      await home.catalog.locks.release(lock.token, home.now);
      seen.push((await held()).generation);
      assert.equal(new Set(seen).size, 3);
      await home.file('other', 'x');
      assert.equal((await held()).generation, seen[2]);
    });

    it('a lock that rests on an old look is a conflict', async () => {
      const entry = await fresh();
      const { generation } = await held();
      await create(lockAt(entry.id));
      await assert.rejects(
        home.catalog.locks.create(lockAt(entry.id), generation, home.now),
        fails('conflict'),
      );
      assert.equal((await held()).locks.length, 1);
    });

    it('two that lock at once on one look: exactly one has the lock', async () => {
      const entry = await fresh();
      const { generation } = await held();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => home.catalog.locks.create(lockAt(entry.id), generation, home.now)),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    it('a change that rests on an old look is a conflict and changes nothing', async () => {
      const entry = await fresh();
      const folder = await home.folder('folder');
      const { generation } = await held();
      await create(lockAt(entry.id));
      const old = { lockGeneration: generation };
      const before = await home.tree();
      const attempts = [
        () => home.file('locked', 'y', home.id, old),
        () => home.file('new', 'y', home.id, old),
        () => home.folder('new', home.id, old),
        () => home.splice(entry.id, { size: 0 }, old),
        () => home.move(folder.id, 'new', home.id, old),
        () => home.copy(folder.id, 'new', home.id, old),
        () => home.remove(folder.id, old),
        () => home.catalog.annotate(entry.id, { mode: 1 }, home.change(old)),
      ];
      for (const attempt of attempts) await assert.rejects(attempt(), fails('conflict'));
      assert.deepEqual(await home.tree(), before);
      await home.file('locked', 'y', home.id, { lockGeneration: (await held()).generation });
    });

    it('locks end with the change that drops them', async () => {
      const entry = await fresh();
      const lock = await create(lockAt(entry.id));
      const { generation } = await held();
      await home.remove(entry.id, { lockGeneration: generation, drop: [lock.token] });
      const after = await held();
      assert.deepEqual(after.locks, []);
      assert.notEqual(after.generation, generation);
    });

    it('a lock in a tree that was removed does not come back with it', async () => {
      await fresh();
      const folder = await home.folder('folder');
      const { entry } = await home.file('x', 'x', folder.id);
      await create(lockAt(entry.id));
      await home.remove(folder.id);
      await assert.rejects(create(lockAt(entry.id)), fails('not-found'));
      await home.restore(folder.id);
      assert.deepEqual((await held()).locks, []);
    });

    it('a refresh keeps the token and moves the end', async () => {
      const entry = await fresh();
      const lock = await create(lockAt(entry.id));
      const expires = lock.expires + 5000;
      assert.deepEqual(await home.catalog.locks.refresh(lock.token, expires, home.now), { ...lock, expires });
      assert.deepEqual((await held(expires - 1)).locks, [{ ...lock, expires }]);
      assert.equal(await home.catalog.locks.refresh(`urn:uuid:${newId()}`, expires, home.now), undefined);
    });

    it('an expired lock holds nothing, cannot be refreshed, and goes with the next expiry', async () => {
      const entry = await fresh();
      const lock = await create(lockAt(entry.id));
      assert.equal((await held(lock.expires - 1)).locks.length, 1);
      assert.deepEqual((await held(lock.expires)).locks, []);
      assert.equal(await home.catalog.locks.refresh(lock.token, lock.expires + 9, lock.expires), undefined);
      await home.catalog.upkeep.expire(lock.expires, 0);
      assert.deepEqual((await held(0)).locks, []);
      assert.equal(await home.catalog.locks.release(lock.token, lock.expires), false);
    });

    it('locks of one home say nothing of another', async () => {
      const entry = await fresh();
      const first = home;
      await create(lockAt(entry.id));
      await fresh();
      assert.deepEqual((await held()).locks, []);
      assert.equal((await first.catalog.locks.held(first.id, first.now)).locks.length, 1);
    });

    it('another opening sees a lock at once', async () => {
      const entry = await fresh();
      const again = await bench.again();
      const lock = await create(lockAt(entry.id));
      const seen = await again.locks.held(home.id, home.now);
      assert.deepEqual(seen.locks, [lock]);
      await assert.rejects(
        home.through(again).file('locked', 'y', home.id, { lockGeneration: seen.generation - 1 }),
        fails('conflict'),
      );
    });
  });
}
