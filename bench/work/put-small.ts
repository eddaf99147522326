import { randomBytes } from 'node:crypto';
import { curl } from '../curl.ts';
import { load } from '../load.ts';
import { quiet } from '../quiet.ts';
import { hearths, served, type Work } from './work.ts';

export const putSmall: Work = {
  key: 'put-small',
  title: 'PUT of 1 KiB to new names, 8 clients',
  peers: [...served, ...hearths],
  metrics: {
    rate: { label: 'rate', unit: '/s' },
    p50: { label: 'p50', unit: 'ms' },
    p99: { label: 'p99', unit: 'ms' },
  },
  bars: [
    { text: 'relaxed: Apache', metric: 'rate', against: 'apache', times: 1, sense: 'at least' },
    {
      text: 'relaxed: lighttpd',
      metric: 'rate',
      against: 'lighttpd',
      times: 1,
      sense: 'at least',
      aim: true,
    },
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
  async round(site, round, { quick }) {
    const folder = `/small-${round}`;
    await curl(site, 'MKCOL', `${folder}/`);
    const { refused, ...figures } = await load(site.scratch, {
      method: 'PUT',
      url: site.url + folder,
      authorization: site.authorization,
      // Text, as wrk's script holds it; another one each round.
      body: randomBytes(512).toString('hex'),
      unique: 'measurement-',
      seconds: quick ? 1 : 4,
    });
    if (refused > 0) throw new Error(`${refused} refused`);
    // What a peer does after its replies is not to be the next one's burden.
    await quiet(site.pid);
    return { rate: figures.rate, p50: figures.p50, p99: figures.p99 };
  },
};
