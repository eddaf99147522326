import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CatalogBench, fails, newId, TestHome } from './catalog-bench.ts';

export function catalogJournal(bench: () => CatalogBench): void {
  describe('journal', () => {
    let home: TestHome;
    before(async () => {
      home = await TestHome.make(bench().catalog);
    });

    it('each change is one record, in order, dense, from 1', async () => {
      const a = await home.folder('a');
      const { entry } = await home.file('x', '1', a.id);
      await home.splice(entry.id, { size: 0 });
      await home.catalog.annotate(a.id, { modified: 1 }, home.change());
      const copy = await home.copy(a.id, 'b');
      await home.move(entry.id, 'y', copy.entry.id);
      await home.remove(a.id);
      await home.restore(a.id, { parent: home.id, name: 'c' });
      await assert.rejects(home.folder('c'), fails('exists'));
      const records = await home.catalog.changes(home.id, 0, 100);
      assert.deepEqual(
        records.map(({ seq, op, entry: id, kind, parent, name, oldParent, oldName }) => [
          ...[seq, op, id, kind, parent, name, oldParent, oldName],
        ]),
        [
          [1, 'mkdir', a.id, 'folder', home.id, 'a', null, null],
          [2, 'put', entry.id, 'file', a.id, 'x', null, null],
          [3, 'put', entry.id, 'file', a.id, 'x', null, null],
          [4, 'annotate', a.id, 'folder', home.id, 'a', null, null],
          [5, 'copy', copy.entry.id, 'folder', home.id, 'b', null, null],
          [6, 'move', entry.id, 'file', copy.entry.id, 'y', a.id, 'x'],
          [7, 'remove', a.id, 'folder', home.id, 'a', null, null],
          [8, 'restore', a.id, 'folder', home.id, 'c', null, null],
        ],
      );
      assert.ok(records.every(({ by }) => by === home.user.id));
      assert.ok(records.every(({ at }, index) => at >= (records[index - 1]?.at ?? 0)));
    });

    it('is read from a number on, so many at a time', async () => {
      const records = await home.catalog.changes(home.id, 3, 2);
      assert.deepEqual(
        records.map(({ seq }) => seq),
        [4, 5],
      );
      assert.deepEqual(await home.catalog.changes(home.id, await home.seq(), 10), []);
      await assert.rejects(home.catalog.changes(newId(), 0, 1), fails('not-found'));
    });

    it('records of many changes at once are dense, and homes do not share a count', async () => {
      const other = await TestHome.make(home.catalog);
      const before = await home.seq();
      const names = Array.from({ length: 60 }, (_, n) => `n${n}`);
      await Promise.allSettled(
        names.flatMap((name) => [home.file(name, 'x'), home.folder(name), other.folder(name)]),
      );
      const records = await home.catalog.changes(home.id, before, 1000);
      assert.deepEqual(
        records.map(({ seq }) => seq),
        Array.from({ length: 60 }, (_, n) => before + 1 + n),
      );
      assert.equal(await other.seq(), 60);
    });

    it('who asks for what was dropped, or for a future, is stale', async () => {
      const middle = home.now;
      const before = await home.seq();
      const folder = await home.folder('late');
      const version = await home.version(folder.id);
      await home.catalog.upkeep.expire(home.now, middle + 1);
      await assert.rejects(home.catalog.changes(home.id, 0, 10), fails('stale'));
      await assert.rejects(home.catalog.changes(home.id, before - 1, 10), fails('stale'));
      assert.equal((await home.catalog.changes(home.id, before, 10)).length, 1);
      await assert.rejects(home.catalog.changes(home.id, before + 2, 10), fails('stale'));
      assert.equal(await home.version(folder.id), version);
      await home.file('x', 'x', folder.id);
      assert.notEqual(await home.version(folder.id), version);
      assert.equal((await home.catalog.changes(home.id, before, 10)).length, 2);
    });
  });
}
