import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CatalogBench, extentOf, fails, refOf, TestHome } from './catalog-bench.ts';

export function catalogQuota(bench: () => CatalogBench): void {
  describe('quota', () => {
    const text = (size: number, fill = 'x') => fill.repeat(size);

    it('usage counts what is there and what lies in the trash', async () => {
      const home = await TestHome.make(bench().catalog);
      assert.deepEqual(await home.catalog.usage(home.id), { used: 0, trashed: 0, quota: null });
      const folder = await home.folder('f');
      const { entry } = await home.file('a', text(10), folder.id);
      await home.file('a', text(4), folder.id);
      await home.splice(entry.id, { offset: 'append', extents: [extentOf(text(6))] });
      await home.copy(folder.id, 'g');
      assert.deepEqual(await home.catalog.usage(home.id), { used: 20, trashed: 0, quota: null });
      await home.remove(folder.id);
      assert.deepEqual(await home.catalog.usage(home.id), { used: 20, trashed: 10, quota: null });
      await home.restore(folder.id);
      assert.deepEqual(await home.catalog.usage(home.id), { used: 20, trashed: 0, quota: null });
      await home.move((await home.at('g'))?.id ?? '', 'f');
      assert.deepEqual(await home.catalog.usage(home.id), { used: 20, trashed: 10, quota: null });
      while ((await home.catalog.upkeep.sweep(home.now + 1, 100, home.id)) > 0);
      assert.deepEqual(await home.catalog.usage(home.id), { used: 10, trashed: 0, quota: null });
    });

    it('what would exceed it is refused and changes nothing', async () => {
      const home = await TestHome.make(bench().catalog, 100);
      const { entry } = await home.file('a', text(60));
      await assert.rejects(home.file('b', text(41)), fails('no-space'));
      await assert.rejects(home.file('a', text(101)), fails('no-space'));
      await assert.rejects(home.copy(entry.id, 'b'), fails('no-space'));
      await assert.rejects(
        home.splice(entry.id, { offset: 'append', extents: [extentOf(text(41))] }),
        fails('no-space'),
      );
      await assert.rejects(home.splice(entry.id, { size: 101 }), fails('no-space'));
      assert.equal((await home.catalog.layout(entry.id))?.extents.length, 1);
      assert.deepEqual(await home.names(), ['a']);
      assert.equal(await home.used(), 60);
      assert.equal(await home.seq(), 1);
      await home.file('b', text(40));
      await home.file('a', text(60, 'y'));
      await home.splice(entry.id, { size: 10 });
      await home.file('b', text(90));
    });

    it('the oldest trash gives way when that helps, and stays when it does not', async () => {
      const home = await TestHome.make(bench().catalog, 100);
      for (const name of ['old', 'new']) {
        const folder = await home.folder(name);
        await home.file('a', text(30), folder.id);
        await home.remove(folder.id);
      }
      await assert.rejects(home.file('big', text(101)), fails('no-space'));
      assert.equal((await home.catalog.trash(home.id)).length, 2);
      await home.file('big', text(70));
      assert.deepEqual(
        (await home.catalog.trash(home.id)).map(({ name }) => name),
        ['new'],
      );
      assert.deepEqual(await home.catalog.usage(home.id), { used: 100, trashed: 30, quota: 100 });
      await home.file('more', text(1));
      assert.deepEqual(await home.catalog.usage(home.id), { used: 71, trashed: 0, quota: 100 });
    });

    it('a new quota holds from the next change on', async () => {
      const home = await TestHome.make(bench().catalog, 10);
      await assert.rejects(home.file('a', text(11)), fails('no-space'));
      await home.catalog.accounts.updateUser(home.user.id, { quota: null });
      await home.file('a', text(1000));
      await home.catalog.accounts.updateUser(home.user.id, { quota: 500 });
      await assert.rejects(home.file('b', text(1)), fails('no-space'));
      await home.file('a', text(900));
      assert.equal((await home.catalog.usage(home.id)).quota, 500);
    });

    it('writers at once never exceed it', async () => {
      const home = await TestHome.make(bench().catalog, 1000);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, n) => home.file(`f${n}`, text(100, String.fromCharCode(65 + n)))),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
      assert.equal(await home.used(), 1000);
    });

    it('a copy into another home is counted there', async () => {
      const home = await TestHome.make(bench().catalog);
      const other = await TestHome.make(bench().catalog, 50);
      const folder = await home.folder('f');
      await home.file('a', text(30), folder.id);
      const copied = await other.copy(folder.id, 'f');
      assert.equal(copied.entry.home, other.id);
      assert.equal((await other.at('f', 'a'))?.home, other.id);
      assert.equal(await other.used(), 30);
      await assert.rejects(other.copy(folder.id, 'g'), fails('no-space'));
      assert.ok((await home.catalog.upkeep.referenced([refOf(text(30))])).size === 1);
    });
  });
}
