import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { databaseUrl } from '../tests/support/mongod.ts';
import { startSet } from '../tests/support/mongod-nodes.ts';
import { randomFrom } from '../tests/support/random.ts';
import { entriesOfHome, fill } from './scale/fill.ts';
import type { Figure, Task } from './scale/measure.ts';

/** The catalog in MongoDB as it grows a hundredfold: `npm run bench:scale [-- --quick]`. Whole runs are written down. */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const seed = 3;
const sizes = values.quick ? [10, 1000] : [100, 10_000];

interface Measured {
  readonly homes: number;
  readonly figures: readonly Figure[];
  /** Seconds. */
  readonly filling: number;
  readonly version: string;
  /** MiB. */
  readonly data: number;
  readonly indexes: number;
}

const many = (count: number) => count.toLocaleString('en-US');

async function measured(base: string, homes: number): Promise<Measured> {
  const url = databaseUrl(base, `hearth-scale-${process.pid}-${homes}`);
  const client = await MongoClient.connect(url);
  try {
    console.log(`${many(homes * entriesOfHome)} entries in ${many(homes)} homes`);
    const begin = performance.now();
    const spots = await fill(url, homes, randomFrom(seed));
    const filling = (performance.now() - begin) / 1000;
    const { dataSize, indexSize } = await client.db().stats();
    const { version } = await client.db().admin().serverInfo();
    console.log(`  filled in ${filling.toFixed(0)} s; measuring`);
    const figures = await inItsOwnProcess({ url, spots, seed });
    return { homes, figures, filling, version, data: dataSize / 2 ** 20, indexes: indexSize / 2 ** 20 };
  } finally {
    await client.db().dropDatabase();
    await client.close();
  }
}

async function inItsOwnProcess(task: Task): Promise<readonly Figure[]> {
  const child = fork(fileURLToPath(new URL('scale/measure.ts', import.meta.url)), {
    execArgv: ['--expose-gc'],
  });
  const ended = once(child, 'exit');
  const answer = once(child, 'message');
  child.send(task);
  const first = await Promise.race([answer, ended.then(() => undefined)]);
  await ended;
  if (first === undefined) throw new Error('the measuring process has failed');
  return first[0] as readonly Figure[];
}

const figure = (value: number | undefined) =>
  value === undefined
    ? '–'
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2);

function report(small: Measured, big: Measured): string {
  const title = ({ homes }: Measured) => `${many(homes * entriesOfHome)} entries in ${many(homes)} homes`;
  const rows = small.figures.map(({ what, unit, value, p99 }, n) => {
    const other = big.figures[n];
    const ratio = figure((other?.value ?? Number.NaN) / value);
    return [`${what}, ${unit}`, figure(value), figure(p99), figure(other?.value), figure(other?.p99), ratio];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const size = ({ data, indexes, filling }: Measured) =>
    `${figure(data)} MiB of documents and ${figure(indexes)} MiB of indexes, filled in ${filling.toFixed(0)} s`;
  return [
    '## A hundred times as much in MongoDB',
    `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run bench:scale${values.quick ? ' -- --quick' : ''}\`: the catalog alone, one ` +
      'question at a time over random homes, medians (of 200; of fewer where there are fewer homes; of five starts) and 99th percentiles.',
    [
      line(['', title(small), 'p99', title(big), 'p99', 'ratio']),
      line(['---', '---:', '---:', '---:', '---:', '---:']),
      ...rows.map(line),
    ].join('\n'),
    `MongoDB ${big.version}, a replica set of one${process.env.MONGODB_URI === undefined ? ' with a cache of 256 MiB, its data in memory' : ' or more'}; ` +
      `small: ${size(small)}; big: ${size(big)}. ${cpus().length} cores, shared by server, load and others, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB of memory; load average at the end ${figure(loadavg()[1])}. A PUT is acknowledged by a majority, and ` +
      'its home was looked at before, as a door does it. Memory is that of the measuring process, after a collection of its garbage; the ' +
      'operations are reads (eight of ten) and PUTs over random homes, four in flight.',
  ].join('\n\n');
}

async function keep(text: string): Promise<void> {
  const file = new URL('RESULTS.md', import.meta.url);
  const [start, end] = ['<!-- scale -->', '<!-- /scale -->'];
  const before = await readFile(file, 'utf8');
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`RESULTS.md has no ${start} and ${end}`);
  await writeFile(file, `${before.slice(0, from)}${start}\n\n${text}\n\n${before.slice(to)}`);
}

const own = process.env.MONGODB_URI === undefined ? await startSet(1) : undefined;
try {
  const base = own?.url ?? process.env.MONGODB_URI ?? '';
  const results: Measured[] = [];
  for (const homes of sizes) results.push(await measured(base, homes));
  const [small, big] = results;
  if (small === undefined || big === undefined) throw new Error('nothing was measured');
  const text = report(small, big);
  console.log(`\n${text}`);
  if (!values.quick) await keep(text);
} finally {
  await own?.stop();
}
