import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUrl } from '../support/mongod.ts';
import { needsMongod } from '../support/mongod-binary.ts';
import { type MongoNodes, startSet } from '../support/mongod-nodes.ts';
import { randomFrom } from '../support/random.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { electionRounds } from './election.ts';
import { fsck } from './fsck.ts';

const seed = Number(process.env.HEARTH_SEED ?? 11);
const rounds = Number(process.env.HEARTH_ROUNDS ?? 20);

/** What the server has to say of its failures, for whoever reads that a test failed. */
const errorsOf = (log: string): string =>
  log
    .split('\n')
    .filter((line) => /"level":(?:[56]0|"(?:error|fatal)")/.test(line))
    .slice(-5)
    .join('\n');

describe('the primary of three killed by SIGKILL under load', {
  skip: needsMongod(),
  timeout: 800_000,
}, () => {
  let set: MongoNodes | undefined;
  let server: TestServer | undefined;
  before(async () => {
    set = await startSet(3);
    server = await startServer({ login: 'ada1', catalog: databaseUrl(set.url, 'hearth') });
  });
  after(async () => {
    await server?.stop();
    await set?.stop();
  });

  it(`${rounds} rounds with seed ${seed}: success or 503, every acknowledged change and lock is there, fsck is clean`, async (t) => {
    assert.ok(server && set);
    const log = server.log;
    const report = await electionRounds(server, set, {
      rounds,
      random: randomFrom(seed),
      check: fsck,
      ...(process.env.HEARTH_ROUNDS === undefined
        ? {}
        : { onRound: (round, time) => t.diagnostic(`round ${round}: ${Math.round(time)} ms`) }),
    }).catch(async (error: unknown) => {
      // Its log is written in pieces.
      await sleep(500);
      t.diagnostic(errorsOf(log()));
      throw error;
    });
    const sorted = report.recovery.toSorted((a, b) => a - b);
    const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map(
      (time) => `${((time ?? 0) / 1000).toFixed(1)} s`,
    );
    t.diagnostic(
      `${report.acknowledged} changes acknowledged, ${report.unavailable} answers 503; ` +
        `from the kill to the first new change: ${least} at least, ${middle} in the middle, ${most} at most`,
    );
    assert.ok(report.acknowledged > rounds * 30, `only ${report.acknowledged} changes were acknowledged`);
  });
});
