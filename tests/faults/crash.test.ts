import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomFrom } from '../support/random.ts';
import { startServer } from '../support/server.ts';
import { crashRounds } from './crash.ts';
import { fsck } from './fsck.ts';

describe('kill -9 under load', { timeout: 240_000 }, () => {
  const seed = Number(process.env.HEARTH_SEED ?? 7);
  it(`40 rounds with seed ${seed}: every acknowledged change is there, no file is torn, fsck is clean`, async () => {
    const report = await crashRounds(() => startServer({ login: 'ada1' }), {
      rounds: 40,
      random: randomFrom(seed),
      check: fsck,
    });
    assert.ok(report.acknowledged > 400, `only ${report.acknowledged} changes were acknowledged`);
  });
});
