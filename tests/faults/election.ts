import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MongoNodes } from '../support/mongod-nodes.ts';
import type { TestServer } from '../support/server.ts';
import { Client, type Watch } from './crash.ts';
import { LockClient } from './lock-client.ts';

export interface ElectionReport {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Answers 503. */
  readonly unavailable: number;
  /** Milliseconds of each round from the kill to the answer of the first change that was asked for after it. */
  readonly recovery: readonly number[];
}

/** Kills the primary with SIGKILL at random moments under load, and holds the server to every acknowledgement. */
export async function electionRounds(
  server: TestServer,
  set: MongoNodes,
  options: {
    readonly rounds: number;
    readonly random: () => number;
    readonly check: (server: TestServer) => Promise<void>;
    readonly onRound?: (round: number, recovery: number) => void;
  },
): Promise<ElectionReport> {
  const { rounds, random } = options;
  let killed = Number.POSITIVE_INFINITY;
  let recovered: number | undefined;
  let unavailable = 0;
  const watch: Watch = {
    acknowledged: (began, ended) => {
      if (began > killed) recovered ??= ended;
    },
    unavailable: (response, what) => {
      unavailable += 1;
      const after = response.headers.get('retry-after');
      assert.match(after ?? '', /^[1-9]\d*$/, `${what}: 503 without Retry-After`);
    },
  };
  const files = Array.from({ length: 4 }, (_, n) => new Client(`c${n}`, () => server, random, watch));
  const locks = Array.from({ length: 2 }, (_, n) => new LockClient(`k${n}`, server, random, watch));
  const clients = [...files, ...locks];
  for (const client of clients) await client.start();
  const total = () => clients.reduce((sum, client) => sum + client.acknowledged, 0);
  const recovery: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    let enough = false;
    const working = Promise.all(clients.map((client) => client.work(() => enough)));
    const until = async (what: string, done: () => boolean) => {
      for (const end = performance.now() + 60_000; !done(); ) {
        assert.ok(performance.now() < end, `round ${round}: no ${what} within a minute\n${server.log()}`);
        await Promise.race([working, sleep(5)]);
      }
    };
    const primary = await set.primary();
    // At a random change, and a random moment of it.
    const first = total() + 10 + Math.floor(random() * 40);
    await until('load', () => total() >= first);
    await Promise.race([working, sleep(random() * 20)]);
    recovered = undefined;
    killed = performance.now();
    await primary.kill9();
    await until('change after the election', () => recovered !== undefined);
    recovery.push((recovered ?? Number.NaN) - killed);
    killed = Number.POSITIVE_INFINITY;
    // Comes back while the work goes on: what it had alone is rolled back.
    await primary.restart();
    const more = total() + 20;
    await until('load after the election', () => total() >= more);
    enough = true;
    await working;
    await set.whole();
    await Promise.all(clients.map((client) => client.verify()));
    if (round % 10 === 0 || round === rounds) await options.check(server);
    options.onRound?.(round, recovery.at(-1) ?? Number.NaN);
  }
  return { rounds, acknowledged: total(), unavailable, recovery };
}
