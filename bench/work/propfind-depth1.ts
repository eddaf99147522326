import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { curl } from '../curl.ts';
import { fourProperties } from './propfind-depth0.ts';
import { hearths, median, type Site, served, type Work } from './work.ts';

const count = 5_000;

async function ask(site: Site, body: string, times: number) {
  const args = ['-H', 'Depth: 1', '-H', 'Content-Type: application/xml', '--data', body];
  const taken = [];
  for (let n = 0; n < times; n++) taken.push(await curl(site, 'PROPFIND', '/many/', args));
  return {
    total: median(taken.map(({ total }) => total)),
    first: median(taken.map(({ firstByte }) => firstByte)),
  };
}

const all = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>';

export const propfindDepth1: Work = {
  key: 'propfind-depth1',
  title: 'PROPFIND depth 1 of 5,000 entries, one client',
  peers: [...served, ...hearths.filter((key) => key === 'hearth')],
  metrics: {
    four: { label: 'four properties', unit: 'ms' },
    fourFirst: { label: 'first byte', unit: 'ms' },
    all: { label: 'allprop', unit: 'ms' },
    allFirst: { label: 'first byte', unit: 'ms' },
  },
  bars: [
    { text: 'four properties: Apache', metric: 'four', against: 'apache', times: 1, sense: 'at most' },
    { text: 'allprop: Apache', metric: 'all', against: 'apache', times: 1, sense: 'at most' },
    {
      text: 'four properties: first byte in a tenth',
      metric: 'fourFirst',
      against: { own: 'four' },
      times: 0.1,
      sense: 'at most',
    },
    {
      text: 'allprop: first byte in a tenth',
      metric: 'allFirst',
      against: { own: 'all' },
      times: 0.1,
      sense: 'at most',
    },
  ],
  async seed({ dir }) {
    const folder = join(dir, 'seed', 'many');
    await mkdir(folder, { recursive: true });
    for (let n = 0; n < count; n++) await writeFile(join(folder, `measurement ${n}.csv`), `${n}\n`);
    return join(dir, 'seed');
  },
  async round(site, _round, { quick }) {
    const times = quick || site.key.startsWith('webdav-server') || site.key.startsWith('over') ? 2 : 7;
    const four = await ask(site, fourProperties, times);
    const every = await ask(site, all, times);
    return { four: four.total, fourFirst: four.first, all: every.total, allFirst: every.first };
  },
};
