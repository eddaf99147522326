import { randomBytes } from 'node:crypto';
import { curl } from '../curl.ts';
import { load } from '../load.ts';
import { quiet } from '../quiet.ts';
import { hearths, type Site, served, type Work } from './work.ts';

/** Names, so that the clients seldom meet at one. */
const names = 256;

const put = (site: Site, seconds: number) =>
  load(site.scratch, {
    method: 'PUT',
    url: `${site.url}/again`,
    authorization: site.authorization,
    body: randomBytes(512).toString('hex'),
    unique: 'measurement-',
    among: names,
    seconds,
  });

export const putOverwrite: Work = {
  key: 'put-overwrite',
  title: `PUT of 1 KiB over ${names} files that are there, 8 clients`,
  peers: [...served, ...hearths],
  metrics: {
    rate: { label: 'rate', unit: '/s' },
    p50: { label: 'p50', unit: 'ms' },
    p99: { label: 'p99', unit: 'ms' },
  },
  bars: [
    { text: 'relaxed: Apache', metric: 'rate', against: 'apache', times: 1, sense: 'at least' },
    {
      text: 'full: half of Apache',
      metric: 'rate',
      peer: 'hearth-full',
      against: 'apache',
      times: 0.5,
      sense: 'at least',
    },
    { text: 'full: p99 25 ms', metric: 'p99', peer: 'hearth-full', against: 25, times: 1, sense: 'at most' },
  ],
  async prepare(site) {
    await curl(site, 'MKCOL', '/again/');
    await put(site, 2);
  },
  async round(site, _round, { quick }) {
    const { refused, rate, p50, p99 } = await put(site, quick ? 1 : 4);
    if (refused > 0) throw new Error(`${refused} refused`);
    // What a peer does after its replies is not to be the next one's burden.
    await quiet(site.pid);
    return { rate, p50, p99 };
  },
};
