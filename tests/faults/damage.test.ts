import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Workspace } from '../../lib/core/contracts.ts';
import { isStoreError } from '../../lib/core/error.ts';
import { check, type Problem } from '../../lib/workspace/fsck.ts';
import { at, bytes, type House, house } from '../support/workspace.ts';

describe('blobs damaged on disk', () => {
  let home: House;
  let ws: Workspace;
  before(async () => {
    home = await house();
    ws = home.open(await home.user('ada1'));
    await ws.write(at('/home/good'), randomBytes(100_000));
  });
  after(async () => home?.close());

  async function problems(deep: boolean): Promise<Problem[]> {
    const found: Problem[] = [];
    for await (const problem of check({ ...home, deep })) found.push(problem);
    return found;
  }

  async function broken(name: string, damage: (file: string) => Promise<void>): Promise<void> {
    const { entry } = await ws.write(at(`/home/${name}`), randomBytes(200_000));
    const ref = (await home.catalog.layout(entry.id))?.extents[0]?.ref ?? '';
    await damage(join(home.folder, 'blobs', ref.slice(0, 2), ref.slice(2, 4), ref));
  }

  it('a blob that is missing or cut short is an error, never half a file', async () => {
    await broken('cut', (file) => truncate(file, 150_000));
    await broken('gone', (file) => unlink(file));
    for (const name of ['cut', 'gone']) {
      const reading = async () => bytes((await ws.read(at(`/home/${name}`))).body);
      await assert.rejects(reading, (error) => isStoreError(error, 'internal'), name);
    }
    assert.equal((await bytes((await ws.read(at('/home/good'))).body)).length, 100_000);
  });

  it('fsck names exactly the files that are wrong, and deep finds a flipped byte', async () => {
    await broken('flipped', async (file) => {
      const handle = await open(file, 'r+');
      await handle.write(Buffer.from([1, 2, 3]), 0, 3, 70_000);
      await handle.close();
    });
    const shallow = await problems(false);
    assert.deepEqual(shallow.map((problem) => [problem.path, problem.kind]).toSorted(), [
      ['/home/cut', 'size'],
      ['/home/gone', 'missing'],
    ]);
    const deep = await problems(true);
    const kinds = new Map(deep.map((problem) => [problem.path, problem.kind]));
    assert.equal(kinds.get('/home/flipped'), 'hash');
    assert.equal(kinds.get('/home/gone'), 'missing');
    assert.equal(kinds.size, 3);
    assert.match(deep[0]?.message ?? '', /restore|write/);
  });

  it('writing the same bytes again heals them', async () => {
    const body = randomBytes(90_000);
    const { entry } = await ws.write(at('/home/heal'), body);
    const ref = (await home.catalog.layout(entry.id))?.extents[0]?.ref ?? '';
    await truncate(join(home.folder, 'blobs', ref.slice(0, 2), ref.slice(2, 4), ref), 10);
    await ws.write(at('/home/heal'), body);
    assert.deepEqual(await bytes((await ws.read(at('/home/heal'))).body), body);
  });
});
