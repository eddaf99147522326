import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CatalogBench, draftOf, extentOf, newId, refOf, start, TestHome } from './catalog-bench.ts';

export function catalogUpkeep(bench: () => CatalogBench): void {
  describe('upkeep', () => {
    const make = () => TestHome.make(bench().catalog);

    it('a sweep takes trash that is old enough, in steps, and of one home where it is named', async () => {
      const home = await make();
      const other = await make();
      for (const each of [home, other]) {
        const folder = await each.folder('f');
        for (let n = 0; n < 10; n++) await each.file(`${n}`, 'x', folder.id);
        await each.remove(folder.id);
      }
      const { upkeep } = home.catalog;
      assert.equal(await upkeep.sweep(home.now, 100, home.id), 0);
      assert.equal(await upkeep.sweep(home.now + 1, 4, home.id), 4);
      assert.deepEqual(await home.catalog.trash(home.id), []);
      assert.equal(await upkeep.sweep(home.now + 1, 100, home.id), 7);
      assert.equal(await home.used(), 0);
      assert.equal((await other.catalog.trash(other.id)).length, 1);
      assert.equal(await other.used(), 10);
    });

    it('blobs are referenced by what is there, by the trash, and by parts of files', async () => {
      const home = await make();
      const { upkeep } = home.catalog;
      const texts = Array.from({ length: 5 }, () => newId());
      const [whole = '', part = '', gone = '', over = '', never = ''] = texts.map(
        (text) => `${text} content`,
      );
      const { entry } = await home.file('a', whole);
      await home.splice(entry.id, { offset: 4, extents: [extentOf(part)] });
      await home.file('b', gone);
      await home.remove((await home.at('b'))?.id ?? '');
      await home.file('c', over);
      await home.file('c', '');
      const refs = [whole, part, gone, over, never].map(refOf);
      assert.deepEqual(await upkeep.referenced(refs), new Set(refs.slice(0, 3)));
      await home.remove(entry.id);
      while ((await upkeep.sweep(home.now + 1, 100, home.id)) > 0);
      assert.deepEqual(await upkeep.referenced(refs), new Set());
      assert.deepEqual(await upkeep.referenced([]), new Set());
    });

    it('layouts tell every content, of the trash too', async () => {
      const home = await make();
      const folder = await home.folder('f');
      const expected = new Map<string, string>();
      for (let n = 0; n < 200; n++) {
        expected.set((await home.file(`${n}`, `${n}`, n % 2 === 0 ? folder.id : home.id)).entry.id, `${n}`);
      }
      await home.remove(folder.id);
      const seen = new Map<string, string>();
      for await (const page of home.catalog.upkeep.layouts()) {
        for (const { entry, layout } of page) {
          assert.equal(layout.version, entry.version);
          if (entry.home === home.id) seen.set(entry.id, entry.name);
        }
      }
      assert.deepEqual(seen, new Map([...expected].toSorted(([a], [b]) => (a < b ? -1 : 1))));
    });

    it('fragmented files are named oldest change first, when they have rested', async () => {
      const home = await make();
      const { upkeep } = home.catalog;
      const pieces = async (name: string, count: number) => {
        const { entry } = await home.file(name, '');
        for (let n = 0; n < count; n++) {
          await home.splice(entry.id, { offset: 'append', extents: [extentOf(`${name}${n}`)] });
        }
        return entry.id;
      };
      const first = await pieces('a', 5);
      const second = await pieces('b', 9);
      await pieces('c', 2);
      const mine = async (extents: number, before: number, limit = 1000) =>
        (await upkeep.fragmented(extents, before, limit)).filter((id) => [first, second].includes(id));
      assert.deepEqual(await mine(4, home.now + 1), [first, second]);
      assert.deepEqual(await mine(5, home.now + 1), [second]);
      assert.deepEqual(await mine(4, start), []);
      await home.remove(first);
      assert.deepEqual(await mine(4, home.now + 1), [second]);
    });

    it('repair finds nothing to mend after ordinary use', async () => {
      const home = await make();
      const folder = await home.folder('f');
      await home.file('a', 'abc', folder.id);
      await home.copy(folder.id, 'g');
      await home.remove(folder.id);
      assert.deepEqual(await home.catalog.upkeep.repair(), []);
      assert.deepEqual(await home.catalog.usage(home.id), { used: 6, trashed: 3, quota: null });
    });

    it('bodies that wait are counted once, however many files have them', async () => {
      const home = await make();
      const text = newId();
      const body = Buffer.from(text);
      for (const name of ['a', 'b']) {
        await home.catalog.put({ parent: home.id, name, ...draftOf(text), body }, home.change());
      }
      const waiting = await home.catalog.upkeep.waiting(10_000);
      assert.equal(waiting.filter(({ ref }) => ref === refOf(text)).length, 1);
    });
  });
}
