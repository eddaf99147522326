import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyHeaders, curl } from '../curl.ts';
import { peakMemory } from '../memory.ts';
import { bytesRead, eventLoopStall, slowestGet } from '../stall.ts';
import { fourProperties } from './propfind-depth0.ts';
import type { Site, Work } from './work.ts';

async function fill(folder: string, count: number, content: (n: number) => Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let n = 0; n < count; n += 100) {
    const names = Array.from({ length: Math.min(100, count - n) }, (_, one) => n + one);
    await Promise.all(names.map((name) => writeFile(join(folder, `file ${name}`), content(name))));
  }
}

/** Milliseconds of a MOVE there and back, halved. */
async function move(site: Site, folder: string): Promise<number> {
  const there = await curl(site, 'MOVE', `/${folder}/`, copyHeaders(site, `/${folder}-moved/`));
  const back = await curl(site, 'MOVE', `/${folder}-moved/`, copyHeaders(site, `/${folder}/`));
  return (there.total + back.total) / 2;
}

async function list(site: Site, folder: string, times: number): Promise<number> {
  const memory = peakMemory(site.pid);
  for (let n = 0; n < times; n++) {
    await curl(site, 'PROPFIND', `/${folder}/`, [
      '-H',
      'Depth: 1',
      '-H',
      'Content-Type: application/xml',
      '--data',
      fourProperties,
    ]);
  }
  return await memory.stop();
}

export const tree: Work = {
  key: 'tree',
  title: 'COPY of 10,000 files of 100 KiB; MOVE and PROPFIND of a folder of 100,000',
  peers: ['apache', 'nginx', 'hearth'],
  metrics: {
    copy: { label: 'COPY', unit: 'ms' },
    read: { label: 'read meanwhile', unit: 'MiB' },
    stall: { label: 'event loop stood still', unit: 'ms' },
    slowest: { label: 'slowest GET meanwhile', unit: 'ms' },
    few: { label: 'MOVE of 100', unit: 'ms' },
    many: { label: 'MOVE of 100,000', unit: 'ms' },
    memoryFew: { label: 'memory listing 5,000', unit: 'MiB' },
    memoryMany: { label: 'memory listing 100,000', unit: 'MiB' },
  },
  bars: [
    {
      text: "COPY: a fifth of Apache's time",
      metric: 'copy',
      against: 'apache',
      times: 0.2,
      sense: 'at most',
    },
    { text: 'COPY reads no blob (10 MiB)', metric: 'read', against: 10, times: 1, sense: 'at most' },
    { text: 'no stall above 20 ms', metric: 'stall', against: 20, times: 1, sense: 'at most' },
    {
      text: 'MOVE in constant time (1.5 ×)',
      metric: 'many',
      against: { own: 'few' },
      times: 1.5,
      sense: 'at most',
    },
    {
      text: 'PROPFIND of 100,000: memory flat (1.25 ×)',
      metric: 'memoryMany',
      against: { own: 'memoryFew' },
      times: 1.25,
      sense: 'at most',
    },
  ],
  note:
    'The slowest GET is of a client that asks for one small file again and again while the COPY runs. ' +
    'The folder of 5,000 is listed 60 times, that of 100,000 three times.',
  async seed({ dir, quick }) {
    const seed = join(dir, 'seed');
    const block = randomBytes(100 * 1024);
    await fill(join(seed, 'copied'), quick ? 1_000 : 10_000, (n) => {
      const own = Buffer.from(block);
      own.writeUInt32LE(n, 0);
      return own;
    });
    await fill(join(seed, 'few'), 100, () => new Uint8Array());
    await fill(join(seed, 'middle'), 5_000, () => new Uint8Array());
    await fill(join(seed, 'many'), quick ? 10_000 : 100_000, () => new Uint8Array());
    await writeFile(join(seed, 'one.txt'), 'one');
    return seed;
  },
  async prepare(site) {
    // The first requests pay for what is compiled and cached later on.
    for (let n = 0; n < 20; n++) await move(site, 'few');
  },
  async round(site, round) {
    const read = await bytesRead(site.pid);
    await eventLoopStall(site);
    const gets = slowestGet(site, '/one.txt');
    const copy = await curl(site, 'COPY', '/copied/', copyHeaders(site, `/copy-${round}/`));
    const slowest = await gets.stop();
    const stall = await eventLoopStall(site);
    const readThen = site.hearth === undefined ? Number.NaN : (await bytesRead(site.pid)) - read;
    await curl(site, 'DELETE', `/copy-${round}/`);
    const [few, many] = [await move(site, 'few'), await move(site, 'many')];
    // As many entries in all, so that a heap that grows with its work grows alike.
    const memoryFew = await list(site, 'middle', 60);
    const memoryMany = await list(site, 'many', 3);
    return { copy: copy.total, read: readThen, stall, slowest, few, many, memoryFew, memoryMany };
  },
};
