import { randomBytes } from 'node:crypto';
import { curl } from '../curl.ts';
import { load } from '../load.ts';
import { quiet } from '../quiet.ts';
import type { Work } from './work.ts';

export const putSustained: Work = {
  key: 'put-sustained',
  title: 'PUT of 1 KiB to new names for half a minute, 8 clients',
  peers: ['apache', 'lighttpd', 'hearth', 'hearth-full'],
  rounds: 1,
  metrics: {
    rate: { label: 'rate', unit: '/s' },
    p50: { label: 'p50', unit: 'ms' },
    p99: { label: 'p99', unit: 'ms' },
    after: { label: 'busy afterwards', unit: 's' },
  },
  bars: [
    { text: 'relaxed: Apache', metric: 'rate', against: 'apache', times: 1, sense: 'at least', aim: true },
  ],
  note:
    'Hearth keeps bodies of up to 64 KiB in its catalog while it is busy, and moves them to blob files when it is idle or ' +
    'when 65,536 of them wait; what is left to do after the last reply is in the last column.',
  async round(site, _round, { quick }) {
    await curl(site, 'MKCOL', '/sustained/');
    const { refused, rate, p50, p99 } = await load(site.scratch, {
      method: 'PUT',
      url: `${site.url}/sustained`,
      authorization: site.authorization,
      body: randomBytes(512).toString('hex'),
      unique: 'measurement-',
      seconds: quick ? 2 : 30,
    });
    if (refused > 0) throw new Error(`${refused} refused`);
    return { rate, p50, p99, after: await quiet(site.pid) };
  },
};
