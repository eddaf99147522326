import { curl } from '../curl.ts';
import { load } from '../load.ts';
import { hearths, served, type Work } from './work.ts';

export const fourProperties =
  '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:getetag/></D:prop></D:propfind>';

export const propfindDepth0: Work = {
  key: 'propfind-depth0',
  title: 'PROPFIND depth 0 of a file, and of a missing name, 8 clients',
  peers: [...served, ...hearths.filter((key) => key !== 'hearth-full')],
  metrics: {
    rate: { label: 'file', unit: '/s' },
    p99: { label: 'p99', unit: 'ms' },
    missing: { label: 'missing name', unit: '/s' },
    missingP99: { label: 'p99', unit: 'ms' },
  },
  bars: [
    { text: 'file: 80 % of Apache', metric: 'rate', against: 'apache', times: 0.8, sense: 'at least' },
    { text: 'missing: 80 % of Apache', metric: 'missing', against: 'apache', times: 0.8, sense: 'at least' },
    { text: 'file: rclone', metric: 'rate', against: 'rclone', times: 1, sense: 'at least', aim: true },
    { text: 'missing: rclone', metric: 'missing', against: 'rclone', times: 1, sense: 'at least', aim: true },
  ],
  async prepare(site) {
    await curl(site, 'MKCOL', '/here/');
    await curl(site, 'PUT', '/here/file.txt', ['--data-binary', 'a short text']);
  },
  async round(site, _round, { quick }) {
    const ask = (name: string) =>
      load(site.scratch, {
        method: 'PROPFIND',
        url: `${site.url}/here/${name}`,
        authorization: site.authorization,
        headers: { Depth: '0', 'Content-Type': 'application/xml' },
        body: fourProperties,
        seconds: quick ? 1 : 3,
      });
    const file = await ask('file.txt');
    if (file.refused > 0) throw new Error(`${file.refused} refused`);
    const missing = await ask('nothing.txt');
    return { rate: file.rate, p99: file.p99, missing: missing.rate, missingP99: missing.p99 };
  },
};
