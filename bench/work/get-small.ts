import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { curl } from '../curl.ts';
import { load } from '../load.ts';
import { hearths, served, type Work } from './work.ts';

export const getSmall: Work = {
  key: 'get-small',
  title: 'GET of 1 KiB, 8 clients',
  peers: [...served, ...hearths.filter((key) => key !== 'hearth-full')],
  metrics: {
    rate: { label: 'rate', unit: '/s' },
    p50: { label: 'p50', unit: 'ms' },
    p99: { label: 'p99', unit: 'ms' },
  },
  bars: [
    { text: '80 % of rclone', metric: 'rate', against: 'rclone', times: 0.8, sense: 'at least' },
    { text: 'half of Apache', metric: 'rate', against: 'apache', times: 0.5, sense: 'at least', aim: true },
    {
      text: '--workers 2: half of Apache',
      metric: 'rate',
      peer: 'hearth-two',
      against: 'apache',
      times: 0.5,
      sense: 'at least',
      aim: true,
    },
  ],
  async prepare(site) {
    const file = join(site.scratch, 'kibibyte');
    await writeFile(file, randomBytes(1024));
    await curl(site, 'MKCOL', '/here/');
    await curl(site, 'PUT', '/here/kibibyte.bin', ['--data-binary', `@${file}`]);
  },
  async round(site, _round, { quick }) {
    const { refused, rate, p50, p99 } = await load(site.scratch, {
      method: 'GET',
      url: `${site.url}/here/kibibyte.bin`,
      authorization: site.authorization,
      seconds: quick ? 1 : 3,
    });
    if (refused > 0) throw new Error(`${refused} refused`);
    return { rate, p50, p99 };
  },
};
