import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CatalogBench, fails, TestHome } from './catalog-bench.ts';

export function catalogVersions(bench: () => CatalogBench): void {
  describe('versions of folders', () => {
    let home: TestHome;
    before(async () => {
      home = await TestHome.make(bench().catalog);
    });

    it('every change at or below a folder changes its version, and no other does', async () => {
      const a = await home.folder('a');
      const b = await home.folder('b', a.id);
      const beside = await home.folder('beside', a.id);
      const far = await home.folder('far');
      const spot = { id: '' };
      const changes: readonly [string, () => Promise<unknown>][] = [
        ['put', async () => Object.assign(spot, (await home.file('x', '1', b.id)).entry)],
        ['overwrite', () => home.file('x', '2', b.id)],
        ['splice', () => home.splice(spot.id, { size: 0 })],
        ['annotate a file', () => home.catalog.annotate(spot.id, { mode: 1 }, home.change())],
        [
          'annotate the folder',
          () => home.catalog.annotate(b.id, { set: { '{a}b': '<b/>' } }, home.change()),
        ],
        ['mkdir', () => home.folder('sub', b.id)],
        ['copy', () => home.copy(spot.id, 'y', b.id)],
        ['move away', () => home.move(spot.id, 'z')],
        ['move in', () => home.move(spot.id, 'z', b.id)],
        ['remove', () => home.remove(spot.id)],
        ['restore', () => home.restore(spot.id)],
      ];
      const seen = new Set<string | undefined>([home.id, a.id, b.id]);
      for (const [what, change] of changes) {
        const before = await Promise.all([beside.id, far.id].map((id) => home.version(id)));
        await change();
        for (const id of [home.id, a.id, b.id]) {
          const version = await home.version(id);
          assert.ok(!seen.has(version), `${what} shows at ${id}`);
          seen.add(version);
        }
        const after = await Promise.all([beside.id, far.id].map((id) => home.version(id)));
        assert.deepEqual(after, before, what);
      }
    });

    it('the entry that a change returns, the look-ups and the listing agree', async () => {
      const made = await home.folder('agree');
      const check = async (version: string | undefined) => {
        assert.equal(await home.version(made.id), version);
        assert.equal((await home.at('agree'))?.version, version);
        assert.equal((await home.list()).find(({ id }) => id === made.id)?.version, version);
      };
      await check(made.version);
      await home.file('x', 'x', made.id);
      await check(await home.version(made.id));
      const noted = await home.catalog.annotate(made.id, { modified: 1 }, home.change());
      await check(noted.version);
      const copied = await home.copy(made.id, 'agree 2');
      assert.equal(await home.version(copied.entry.id), copied.entry.version);
      await home.move(made.id, 'away');
      const moved = await home.move(made.id, 'agree');
      await check(moved.entry.version);
      await home.remove(made.id);
      await check((await home.restore(made.id)).version);
    });

    it('two folders never have one version', async () => {
      const a = await home.folder('v1');
      const b = await home.folder('v2', a.id);
      await home.file('x', 'x', b.id);
      const copy = await home.copy(a.id, 'v3');
      const all = [home.id, a.id, b.id, copy.entry.id, (await home.at('v3', 'v2'))?.id ?? ''];
      const versions = await Promise.all(all.map((id) => home.version(id)));
      assert.equal(new Set(versions).size, all.length);
    });

    it('a folder is removed on the condition of its version', async () => {
      const a = await home.folder('cond');
      await home.file('x', 'x', a.id);
      await assert.rejects(home.remove(a.id, { expect: a.version }), fails('stale'));
      const now = await home.version(a.id);
      await home.remove(a.id, now === undefined ? {} : { expect: now });
    });

    it('versions stay exact over a thousand changes, seen from two openings', async () => {
      const other = home.through(await bench().again());
      const a = await home.folder('long');
      const b = await home.folder('b', a.id);
      const quiet = await home.folder('quiet', a.id);
      const still = await home.version(quiet.id);
      const seen = new Set<string>();
      for (let round = 0; round < 10; round++) {
        await Promise.all(Array.from({ length: 100 }, (_, n) => home.file(`${n}`, `${round}`, b.id)));
        const version = await home.version(a.id);
        assert.ok(version !== undefined && !seen.has(version));
        seen.add(version);
        assert.equal(await other.version(a.id), version);
        assert.equal(await other.version(quiet.id), still);
      }
      assert.equal(seen.size, 10);
    });
  });
}
