import { once } from 'node:events';
import { objectIds } from '../../lib/app/ids.ts';
import { mongoCatalog } from '../../lib/catalog/mongo.ts';
import type { Catalog, Change } from '../../lib/core/contracts.ts';
import { randomFrom } from '../../tests/support/random.ts';
import { draft, type Spot } from './fill.ts';

/** A process of its own, so that its memory is that of the catalog alone. `bench/scale.ts` starts it. */

export interface Task {
  readonly url: string;
  readonly spots: readonly Spot[];
  readonly seed: number;
}

export interface Figure {
  readonly what: string;
  readonly unit: 'ms' | 'MiB';
  /** The median where there are several. */
  readonly value: number;
  readonly p99?: number;
}

const samples = 200;
const opens = 5;
const mixed = 5000;
const lanes = 4;
const ids = objectIds();

type Once = (catalog: Catalog, spot: Spot, n: number) => Promise<unknown>;

const change = (): Change => ({ by: ids(), now: Date.now(), durability: 'stored' });

const resolve: Once = async (catalog, { home, names }) => {
  const found = await catalog.resolve(home, names);
  if (found?.missing.length !== 0) throw new Error('a file is not where it was put');
};

const children: Once = async (catalog, { folder }) => {
  let seen = 0;
  for await (const page of catalog.children(folder)) seen += page.length;
  if (seen === 0) throw new Error('a folder is empty');
};

const put = (name: (spot: Spot, n: number) => string): Once => {
  return (catalog, spot, n) =>
    catalog.put(
      { ...draft(spot.folder, name(spot, n), `${spot.home} ${n}`), body: Buffer.alloc(1024, n) },
      change(),
    );
};

const present = async (found: Promise<unknown>) => {
  if ((await found) === undefined) throw new Error('something is not there');
};

const reading: Readonly<Record<string, Once>> = {
  'resolve a file, two names deep': resolve,
  'entry by id': (catalog, { file }) => present(catalog.entry(file)),
  'listing of a folder of 9': children,
  'usage (quota) of a home': (catalog, { home }) => catalog.usage(home),
  'user by login': (catalog, { login }) => present(catalog.accounts.user(login)),
  'token look-up': (catalog, { token }) => present(catalog.accounts.token(token)),
};

const writing: Readonly<Record<string, Once>> = {
  'PUT of a new file, 1 KiB': put((_, n) => `new ${n}.csv`),
  'PUT of an existing file, 1 KiB': put(({ names }) => names[1]),
};

const [newFile, oldFile] = Object.values(writing) as [Once, Once];
const mix = [...Object.values(reading), resolve, children, newFile, oldFile];

function shuffled(spots: readonly Spot[], random: () => number): readonly Spot[] {
  return spots
    .map((spot) => ({ spot, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ spot }) => spot);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function figureOf(what: string, times: readonly number[]): Figure {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  console.log(`  ${what}: ${at(0.5).toFixed(2)} ms`);
  return { what, unit: 'ms', value: at(0.5), p99: at(0.99) };
}

function memory(when: string): readonly Figure[] {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  console.log(`  resident memory ${when}: ${(rss / 2 ** 20).toFixed(1)} MiB`);
  return [
    { what: `resident memory ${when}`, unit: 'MiB', value: rss / 2 ** 20 },
    { what: `heap in use ${when}`, unit: 'MiB', value: heapUsed / 2 ** 20 },
  ];
}

async function measure({ url, spots, seed }: Task): Promise<readonly Figure[]> {
  const random = randomFrom(seed);
  const starts: number[] = [];
  const open = () => mongoCatalog({ url, ids });
  for (let n = 1; n < opens; n++) {
    const begin = performance.now();
    const catalog = await open();
    starts.push(performance.now() - begin);
    await catalog.close();
  }
  const begin = performance.now();
  const catalog = await open();
  starts.push(performance.now() - begin);
  const figures: Figure[] = [figureOf('start: the catalog opened', starts)];
  const memories = [...memory('after start')];
  try {
    for (const spot of shuffled(spots, random).slice(0, samples / 4)) await resolve(catalog, spot, 0);
    for (const [what, look] of Object.entries(reading)) {
      // A token is known for half a second, so that each home's is asked for once.
      const times: number[] = [];
      for (const spot of shuffled(spots, random).slice(0, samples))
        times.push(await timed(() => look(catalog, spot, 0)));
      figures.push(figureOf(what, times));
    }
    for (const [what, write] of Object.entries(writing)) {
      const times: number[] = [];
      const order = shuffled(spots, random);
      for (let n = 0; n < samples; n++) {
        const spot = order[n % order.length];
        if (spot === undefined) break;
        // As a door does it.
        await resolve(catalog, spot, n);
        times.push(await timed(() => write(catalog, spot, n)));
      }
      figures.push(figureOf(what, times));
    }
    for (const round of [1, 2]) {
      await manyMixed(catalog, spots, random, round * mixed);
      memories.push(...memory(`after ${(round * mixed).toLocaleString('en-US')} operations`));
    }
  } finally {
    await catalog.close();
  }
  return [...figures, ...memories];
}

async function manyMixed(catalog: Catalog, spots: readonly Spot[], random: () => number, from: number) {
  let n = from;
  const lane = async () => {
    while (n < from + mixed) {
      const at = n++;
      const spot = spots[Math.floor(random() * spots.length)];
      if (spot !== undefined) await mix[at % mix.length]?.(catalog, spot, at);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

if (process.send !== undefined) {
  const [task] = (await once(process, 'message')) as [Task];
  process.send(await measure(task));
  process.disconnect();
}
