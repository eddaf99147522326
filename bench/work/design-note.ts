import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareNote } from '../bare-note.ts';
import { run } from '../peers/process.ts';
import { quiet } from '../quiet.ts';
import { warm } from '../warm.ts';
import { hearths, median, type Options, type Site, served, type Work } from './work.ts';

const files = 680;
const folders = 50;
/** Bytes; 5.1 MB together. */
const small = 7_500;
/** Per round, of what takes seconds. */
const tries = 3;
const sizes = ({ quick }: Options) => (quick ? [32, 64] : [256, 1_000]) as [number, number];

/** Seconds that an rclone command takes, with its defaults (four transfers at once). */
async function rclone(site: Site, ...args: readonly string[]): Promise<number> {
  const { stdout: hidden } = await run('rclone', ['obscure', site.password]);
  const remote = ['--webdav-url', site.url, '--webdav-user', site.login, '--webdav-pass', hidden.trim()];
  const common = ['--config', '/dev/null', '--webdav-vendor', 'other', '--retries', '1'];
  const begin = performance.now();
  await run('rclone', [...common, ...remote, ...args], { maxBuffer: 1 << 24, timeout: 120_000 });
  return (performance.now() - begin) / 1000;
}

/** Other bytes than before: a server that knows contents is not to know this one. */
async function renew(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(randomBytes(32), 0, 32, 0);
  await file.close();
}

const within = (text: string, metric: string, against: string, times = 1) =>
  ({ text, metric, against, times, sense: 'at most' }) as const;

export const designNote: Work = {
  key: 'design-note',
  title: 'The design note of Whole Tale by rclone: 680 files in 50 folders, 5.1 MB; 256 MB and 1 GB',
  peers: [...served, ...hearths.filter((key) => key !== 'hearth-two')],
  rounds: 2,
  metrics: {
    copy: { label: 'copy in', unit: 's' },
    list: { label: 'list', unit: 's' },
    purge: { label: 'remove', unit: 's' },
    small: { label: 'together', unit: 's' },
    bare: { label: 'same requests unpaced', unit: 's' },
    middle: { label: '256 MB', unit: 'MB/s' },
    large: { label: '1 GB', unit: 'MB/s' },
  },
  bars: [
    within("small files: ahead of rclone's own server", 'small', 'rclone'),
    within('small files: ahead of webdav-server', 'small', 'webdav-server'),
    within("small files: 1.2 × Apache's time", 'small', 'apache', 1.2),
    within("unpaced: ahead of rclone's own server", 'bare', 'rclone'),
    within('unpaced: ahead of webdav-server', 'bare', 'webdav-server'),
    within("unpaced: 1.2 × Apache's time", 'bare', 'apache', 1.2),
    {
      text: '256 MB: 60 % of the best',
      metric: 'middle',
      against: { best: served },
      times: 0.6,
      sense: 'at least',
    },
    {
      text: '1 GB: 60 % of the best',
      metric: 'large',
      against: { best: served },
      times: 0.6,
      sense: 'at least',
    },
  ],
  note:
    'rclone waits 10 ms before every request of a WebDAV remote, whichever server answers; "unpaced" is the same work ' +
    'by a client of this benchmark, four requests at once: MKCOL, PUT and a PROPFIND of each, PROPFIND of every folder, DELETE. ' +
    'Between the parts a server is left alone until it has nothing more to do. The large files: the median of three in each ' +
    'round, each of bytes that the server has not seen, after as many bytes were written and freed (the memory is in use then).',
  async seed(options) {
    const note = join(options.dir, 'note');
    for (let n = 0; n < folders; n++) await mkdir(join(note, `folder ${n}`), { recursive: true });
    for (let n = 0; n < files; n++) {
      await writeFile(join(note, `folder ${n % folders}`, `file ${n}.dat`), randomBytes(small));
    }
    const [middle, large] = sizes(options);
    await writeFile(join(options.dir, 'middle.bin'), randomBytes(middle * 1e6));
    await writeFile(join(options.dir, 'large.bin'), randomBytes(large * 1e6));
    return undefined;
  },
  async round(site, round, options) {
    const at = `:webdav:note-${round}`;
    const none = { copy: Number.NaN, list: Number.NaN, purge: Number.NaN, small: Number.NaN };
    const paced = async () => {
      const copy = await rclone(site, 'copy', join(options.dir, 'note'), at);
      const list = await rclone(site, 'lsf', '-R', at);
      const purge = await rclone(site, 'purge', at);
      return { copy, list, purge, small: copy + list + purge };
    };
    const [middle, large] = sizes(options);
    const sent = async (name: string, megabytes: number) => {
      const from = join(options.dir, name);
      const seconds: number[] = [];
      for (let turn = 0; turn < tries; turn++) {
        await renew(from);
        await warm(options.dir, megabytes * 2e6);
        const to = `:webdav:${round}-${turn}-${name}`;
        seconds.push(await rclone(site, 'copyto', from, to));
        await rclone(site, 'deletefile', to);
      }
      return megabytes / median(seconds);
    };
    const bare = async () => {
      const seconds: number[] = [];
      for (let turn = 0; turn < tries; turn++) {
        await quiet(site.pid);
        seconds.push(await bareNote(site, `/bare-${round}-${turn}`, { files, folders, size: small }));
      }
      await quiet(site.pid);
      return median(seconds);
    };
    return {
      // Minutes for all peers, and the pace is rclone's own: once.
      ...(round === 1 ? await paced() : none),
      bare: await bare(),
      middle: await sent('middle.bin', middle),
      large: await sent('large.bin', large),
    };
  },
};
