import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from '../../lib/core/contracts.ts';
import { compactFiles } from '../../lib/workspace/compact.ts';
import { flushBodies } from '../../lib/workspace/flush.ts';
import { check } from '../../lib/workspace/fsck.ts';
import { collectGarbage } from '../../lib/workspace/gc.ts';
import { at, bytes, type House, house } from '../support/workspace.ts';

describe('background work', () => {
  let home: House;
  let ws: Workspace;
  before(async () => {
    home = await house();
    ws = home.open(await home.user('ada1'));
  });
  after(async () => home?.close());

  const clean = async () => {
    for await (const problem of check({ ...home, deep: true })) assert.fail(problem.message);
  };
  /** As if it had been written an hour ago; what the collector has taken stays away. */
  const aged = async (ref: string) => {
    const path = join(home.folder, 'blobs', ref.slice(0, 2), ref.slice(2, 4), ref);
    const then = new Date(Date.now() - 3_600_000);
    await utimes(path, then, then).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  };
  const gc = (youngerThan: number) => collectGarbage({ ...home, now: Date.now() + 10_000, youngerThan });

  it('small bodies move to the store and read the same before and after', async () => {
    const body = randomBytes(1000);
    const { entry } = await ws.write(at('/home/small'), body);
    assert.ok((await home.catalog.layout(entry.id))?.body);
    assert.ok((await flushBodies(home.catalog, home.blobs, { limit: 1000 })) >= 1);
    assert.equal(await flushBodies(home.catalog, home.blobs, { limit: 1000 }), 0);
    assert.equal((await home.catalog.layout(entry.id))?.body, undefined);
    assert.deepEqual(await bytes((await ws.read(at('/home/small'))).body), body);
    await clean();
  });

  it('while the machine is busy, few and small bodies go on waiting', async () => {
    await ws.write(at('/home/waits'), randomBytes(1000));
    assert.equal(await flushBodies(home.catalog, home.blobs, { limit: 1000, busy: true }), 0);
    for (let n = 0; n < 3; n++) await ws.write(at(`/home/larger-${n}`), randomBytes(20_000));
    assert.equal(await flushBodies(home.catalog, home.blobs, { limit: 1000, busy: true }), 4);
    assert.equal(await home.catalog.upkeep.backlog(), 0);
  });

  it('compaction makes one blob of many extents, with the same bytes and the same version', async () => {
    const whole = randomBytes(200_000);
    await ws.write(at('/home/parts'), whole);
    for (let n = 0; n < 10; n++) {
      const part = randomBytes(100);
      part.copy(whole, n * 1500);
      await ws.patch(at('/home/parts'), n * 1500, part);
    }
    const { id, version } = await ws.stat(at('/home/parts'));
    assert.ok(((await home.catalog.layout(id))?.extents.length ?? 0) > 8);
    home.clock.now += 1000;
    const done = await compactFiles(home.catalog, home.blobs, {
      extents: 8,
      before: home.clock.now,
      limit: 10,
    });
    assert.equal(done, 1);
    assert.equal((await home.catalog.layout(id))?.extents.length, 1);
    assert.equal((await ws.stat(at('/home/parts'))).version, version);
    assert.deepEqual(await bytes((await ws.read(at('/home/parts'))).body), whole);
    await clean();
  });

  it('gc spares the young, the referenced and the restorable, and takes the rest', async () => {
    const kept = randomBytes(100_000);
    await ws.write(at('/home/kept'), kept);
    await ws.copy(at('/home/kept'), at('/home/twin'));
    await ws.remove(at('/home/kept'));
    await ws.write(at('/home/over'), randomBytes(100_000));
    await ws.write(at('/home/over'), randomBytes(100_000));
    assert.equal((await gc(3_600_000)).removed, 0);
    const report = await gc(0);
    assert.ok(report.removed >= 1);
    assert.deepEqual(await bytes((await ws.read(at('/home/twin'))).body), kept);
    const [record] = await ws.trash();
    assert.ok(record);
    await ws.restore(record.entry.id);
    assert.deepEqual(await bytes((await ws.read(at('/home/kept'))).body), kept);
    await clean();
    assert.equal((await gc(0)).removed, 0);
  });

  it('gc beside writers of the same bytes loses nothing', async () => {
    const bodies = Array.from({ length: 4 }, () => randomBytes(70_000));
    let writing = true;
    const collecting = (async () => {
      while (writing) await gc(1_800_000);
    })();
    for (let round = 0; round < 40; round++) {
      const body = bodies[round % bodies.length] as Buffer;
      // Nobody has them, and they are old enough to go, just when a writer brings the same ones again.
      await aged(home.blobs.refOf(body));
      await ws.write(at('/home/contested'), body);
      assert.deepEqual(await bytes((await ws.read(at('/home/contested'))).body), body);
      await sleep(30);
    }
    writing = false;
    await collecting;
    await clean();
  });
});
