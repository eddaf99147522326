import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { curl } from '../curl.ts';
import { peakMemory } from '../memory.ts';
import { warm } from '../warm.ts';
import { hearths, type Options, type Work } from './work.ts';

const mebibyte = 2 ** 20;
const size = (options: Options) => (options.quick ? 128 : 1024) * mebibyte;
const source = ({ dir }: Options) => join(dir, 'big.bin');

/** Peers whose four at once are measured: the bar is Hearth's. */
const four = ['nginx', 'hearth', 'hearth-full'];

export const big: Work = {
  key: 'big',
  title: 'PUT and GET of 1 GiB, and four at once',
  peers: [
    'apache',
    'nginx',
    'lighttpd',
    'rclone',
    'webdav-server',
    ...hearths.filter((key) => key !== 'hearth-two'),
  ],
  rounds: 2,
  metrics: {
    put: { label: 'PUT', unit: 'MB/s' },
    get: { label: 'GET', unit: 'MB/s' },
    putFour: { label: 'PUT, 4 at once, together', unit: 'MB/s' },
    getFour: { label: 'GET, 4 at once, together', unit: 'MB/s' },
    memory: { label: 'peak memory of 4 at once', unit: 'MiB' },
  },
  bars: [
    { text: 'PUT, relaxed: 60 % of nginx', metric: 'put', against: 'nginx', times: 0.6, sense: 'at least' },
    { text: 'GET: 60 % of nginx', metric: 'get', against: 'nginx', times: 0.6, sense: 'at least' },
    { text: 'memory with four at once', metric: 'memory', against: 250, times: 1, sense: 'at most' },
  ],
  note:
    'Memory: resident, all processes of the server together; what they share counts in each. ' +
    'Before the first PUT as many bytes are written and freed, so that no peer pays for memory that the machine takes into use.',
  async seed(options) {
    const file = await open(source(options), 'w');
    const block = randomBytes(mebibyte);
    for (let n = 0; n < size(options) / mebibyte; n++) {
      // No two blocks alike, at little cost.
      block.writeUInt32LE(n, 0);
      await file.write(block);
    }
    await file.close();
    // Read once, so that the first peer does not pay for it.
    await readFile(source(options));
    return undefined;
  },
  async prepare(site) {
    await curl(site, 'MKCOL', '/big/');
  },
  async round(site, round, options) {
    const bytes = size(options);
    const put = (name: string) => curl(site, 'PUT', `/big/${name}`, ['-T', source(options)]);
    const get = (name: string) => curl(site, 'GET', `/big/${name}`);
    const rate = (milliseconds: number, count = 1) => (bytes * count) / 1000 / milliseconds;
    const together = async (ask: (name: string) => Promise<unknown>) => {
      const begin = performance.now();
      await Promise.all([1, 2, 3, 4].map((n) => ask(`${round}-${n}.bin`)));
      return rate(performance.now() - begin, 4);
    };
    await warm(options.dir, bytes);
    const alone = await put(`${round}.bin`);
    const got = await get(`${round}.bin`);
    if (got.size !== bytes) throw new Error(`GET brought ${got.size} bytes`);
    await curl(site, 'DELETE', `/big/${round}.bin`);
    const figures = { put: rate(alone.total), get: rate(got.total) };
    if (!four.includes(site.key))
      return { ...figures, putFour: Number.NaN, getFour: Number.NaN, memory: Number.NaN };
    const memory = peakMemory(site.pid);
    const putFour = await together(put);
    const getFour = await together(get);
    const peak = await memory.stop();
    for (const n of [1, 2, 3, 4]) await curl(site, 'DELETE', `/big/${round}-${n}.bin`);
    return { ...figures, putFour, getFour, memory: peak };
  },
};
