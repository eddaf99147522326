import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { isStoreError } from '../../lib/core/error.ts';
import { type CatalogBench, draftOf, TestHome } from './catalog-bench.ts';

/** Runs both at once; the codes of what failed. */
async function race(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(calls);
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return [];
    return [isStoreError(outcome.reason) ? outcome.reason.code : String(outcome.reason)];
  });
}

export function catalogRaces(bench: () => CatalogBench): void {
  describe('races', () => {
    let one: TestHome;
    let two: TestHome;
    before(async () => {
      one = await TestHome.make(bench().catalog);
      two = one.through(await bench().again());
    });
    const both = () => [one, two];

    it('many creators of one name: exactly one wins', async () => {
      for (let round = 0; round < 5; round++) {
        const name = `name ${round}`;
        const tries = Array.from({ length: 16 }, (_, n) =>
          both()[n % 2]?.file(name, `${n}`, one.id, { expect: 'absent' }),
        );
        assert.deepEqual(await race(tries as Promise<unknown>[]), Array(15).fill('stale'));
        const folders = both().flatMap((home) => [home.folder(`f${name}`), home.folder(`f${name}`)]);
        assert.deepEqual(await race(folders), Array(3).fill('exists'));
      }
    });

    it('many writers that expect one version: exactly one wins', async () => {
      const { entry } = await one.file('cas', 'start');
      const tries = Array.from({ length: 16 }, (_, n) =>
        both()[n % 2]?.file('cas', `${n}`, one.id, { expect: entry.version }),
      );
      assert.equal((await race(tries as Promise<unknown>[])).length, 15);
    });

    it('into a folder that is being removed: what came in lies in the trash with it', async () => {
      for (let round = 0; round < 10; round++) {
        const folder = await one.folder(`going ${round}`);
        const codes = await race([
          two.folder('a', folder.id),
          one.remove(folder.id),
          one.file('b', 'b', folder.id),
          two.file('c', 'c', folder.id),
        ]);
        assert.ok(codes.every((code) => code === 'not-found'));
        assert.equal(await two.at(`going ${round}`), undefined);
        await one.restore(folder.id);
        assert.equal((await two.names(folder.id)).length, 3 - codes.length);
      }
    });

    it('A into B while B goes into A: one of them is refused', async () => {
      for (let round = 0; round < 10; round++) {
        const a = await one.folder(`A${round}`);
        const b = await one.folder(`B${round}`);
        assert.deepEqual(await race([one.move(a.id, 'a', b.id), two.move(b.id, 'b', a.id)]), ['invalid']);
      }
      assert.deepEqual(await one.catalog.upkeep.repair(), []);
    });

    it('what one opening was answered, the other sees at once', async () => {
      for (let round = 0; round < 100; round++) {
        const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
        await reader.at('shared');
        const { entry } = await writer.file('shared', `${round}`);
        assert.equal((await reader.at('shared'))?.version, entry.version);
        assert.equal((await writer.at('shared'))?.version, draftOf(`${round}`).version);
      }
    });

    it('two openings that write at once lose nothing', async () => {
      const folder = await one.folder('crowd');
      const before = await one.seq();
      const names = Array.from({ length: 150 }, (_, n) => `${n}`);
      await Promise.all(
        names.flatMap((name) => both().map((home, n) => home.file(`${name}-${n}`, name, folder.id))),
      );
      assert.equal((await one.names(folder.id)).length, 300);
      assert.deepEqual(await two.names(folder.id), await one.names(folder.id));
      assert.equal((await two.seq()) - before, 300);
      assert.equal(await one.version(folder.id), await two.version(folder.id));
    });
  });
}
