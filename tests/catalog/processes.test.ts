import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sqliteCatalog } from '../../lib/catalog/sqlite.ts';
import type { Catalog } from '../../lib/core/contracts.ts';
import { newId, TestHome } from '../conformance/catalog-bench.ts';

const writer = fileURLToPath(new URL('./writing-process.ts', import.meta.url));

interface Child {
  readonly process: ChildProcess;
  /** Names of files whose change was answered. */
  readonly answered: string[];
  readonly ended: Promise<unknown>;
  /** Resolves once so many were answered. */
  reached(count: number): Promise<void>;
}

function startWriter(path: string, home: TestHome, prefix: string, count: number): Child {
  const args = [writer, path, home.id, home.user.id, prefix, String(count)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const answered: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => answered.push(line));
  const reached = async (wanted: number) => {
    while (answered.length < wanted) await once(lines, 'line');
  };
  return {
    process: child,
    answered,
    ended: Promise.all([once(child, 'exit'), once(lines, 'close')]),
    reached,
  };
}

describe('SQLite catalog: processes', () => {
  let folder: string;
  let path: string;
  let catalog: Catalog;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-processes-'));
    path = join(folder, 'catalog.sqlite');
    catalog = await sqliteCatalog({ path, ids: newId });
  });
  after(async () => {
    await catalog?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('processes that write one file at once lose nothing and number the journal without a gap', async () => {
    const home = await TestHome.make(catalog);
    const children = ['a', 'b'].map((prefix) => startWriter(path, home, prefix, 200));
    const own = Array.from({ length: 200 }, (_, n) => `own ${n}`);
    for (const name of own) await home.file(name, name);
    await Promise.all(children.map(({ ended }) => ended));
    const names = new Set(await home.names());
    for (const { answered } of children) {
      assert.equal(answered.length, 200);
      for (const name of answered) assert.ok(names.has(name), name);
    }
    const records = await catalog.changes(home.id, 0, 10_000);
    assert.deepEqual(
      records.map(({ seq }) => seq),
      Array.from({ length: 600 }, (_, n) => n + 1),
    );
    assert.deepEqual(await catalog.upkeep.repair(), []);
  });

  it('what was answered survives kill -9 of the process that wrote it', async () => {
    const home = await TestHome.make(catalog);
    for (const round of [1, 2, 3]) {
      const child = startWriter(path, home, `round ${round} `, 100_000);
      await child.reached(round * 60);
      child.process.kill('SIGKILL');
      await child.ended;
      const names = new Set(await home.names());
      for (const name of child.answered) assert.ok(names.has(name), name);
      await home.file(`after ${round}`, 'x');
    }
    const { used } = await catalog.usage(home.id);
    assert.equal(
      used,
      (await home.list()).reduce((sum, { size }) => sum + size, 0),
    );
    assert.equal((await catalog.changes(home.id, 0, 1_000_000)).length, (await home.names()).length);
    assert.deepEqual(await catalog.upkeep.repair(), []);
  });
});
