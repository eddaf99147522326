/** Hearth beside its peers, or beside itself on MongoDB: `npm run bench -- [--suite mongo] [--only WORK,…] [--peers a,b] [--rounds N] [--quick]`. */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { apache } from './peers/apache.ts';
import { hearth, hearthFull, hearthMongo, hearthMongoOne, hearthTwo } from './peers/hearth.ts';
import { lighttpd } from './peers/lighttpd.ts';
import { nginx } from './peers/nginx.ts';
import type { Peer } from './peers/peer.ts';
import { killAll, run } from './peers/process.ts';
import { rclone } from './peers/rclone.ts';
import { overWorkspace, webdavServer } from './peers/webdav-server.ts';
import { type Result, report } from './report.ts';
import { big } from './work/big.ts';
import { designNote } from './work/design-note.ts';
import { getSmall } from './work/get-small.ts';
import { onMongo } from './work/on-mongo.ts';
import { propfindDepth0 } from './work/propfind-depth0.ts';
import { propfindDepth1 } from './work/propfind-depth1.ts';
import { putOverwrite } from './work/put-overwrite.ts';
import { putSmall } from './work/put-small.ts';
import { putSustained } from './work/put-sustained.ts';
import { tree } from './work/tree.ts';
import type { Options, Sample, Site, Work } from './work/work.ts';

const peers: readonly Peer[] = [
  apache,
  nginx,
  lighttpd,
  rclone,
  webdavServer,
  overWorkspace,
  hearth,
  hearthFull,
  hearthTwo,
  hearthMongoOne,
  hearthMongo,
];
const besidePeers: readonly Work[] = [
  propfindDepth1,
  propfindDepth0,
  putSmall,
  putSustained,
  putOverwrite,
  getSmall,
  big,
  tree,
  designNote,
];

const { values } = parseArgs({
  options: {
    /** `peers` or `mongo`: two parts of the results. */
    suite: { type: 'string', default: 'peers' },
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    /** Where the peers keep their files. */
    dir: { type: 'string', default: tmpdir() },
    /** Something to say about the box, for the report. */
    remark: { type: 'string' },
  },
});
if (values.suite !== 'peers' && values.suite !== 'mongo') throw new Error('--suite is peers or mongo');
const works = values.suite === 'mongo' ? onMongo : besidePeers;
const begun = Date.now();
/** Nothing new is begun after this. */
const deadline = begun + 60 * 60_000;

/** The longest turn of one peer; the peers that hang are known to. */
const turn = 5 * 60_000;
const folders = new Set<string>();

process.once('exit', () => {
  killAll();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function chosen<T extends { readonly key: string }>(
  all: readonly T[],
  keys: readonly string[],
): readonly T[] {
  const unknown = keys.filter((key) => all.every((one) => one.key !== key));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(', ')} (${all.map(({ key }) => key).join(', ')})`);
  return all.filter(({ key }) => keys.includes(key));
}

async function bounded<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(turn, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no end after ${turn / 60_000} minutes`);
  });
  late.catch(() => undefined);
  return await Promise.race([work, late]).finally(() => over.abort());
}

/** All peers are started first; then every round visits them all, so that none has the quiet hours alone. */
async function measure(work: Work): Promise<Result> {
  const dir = await mkdtemp(join(values.dir, 'hearth-bench-'));
  folders.add(dir);
  const options: Options = { quick: values.quick, dir };
  const samples = new Map<string, Sample[]>();
  const failures: string[] = [];
  const sites: Site[] = [];
  const rounds = Math.min(Number(values.rounds), work.rounds ?? Number.POSITIVE_INFINITY);
  const failed = (key: string, error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    failures.push(
      `${key}: ${text
        .split('\n')[0]
        ?.replaceAll(dir, '')
        .replaceAll(/127\.0\.0\.1:\d+/g, '')}`,
    );
    console.error(`  ${work.key} ${key}: ${error instanceof Error ? error.stack : text}`);
  };
  try {
    const seed = await work.seed?.(options);
    for (const peer of chosen(peers, values.peers?.split(',') ?? work.peers)) {
      const own = join(dir, peer.key);
      const scratch = join(dir, `${peer.key}-scratch`);
      await mkdir(own);
      await mkdir(scratch);
      try {
        const site = { ...(await peer.start(own, seed)), key: peer.key, scratch };
        sites.push(site);
        await bounded(work.prepare?.(site, options) ?? Promise.resolve());
        samples.set(peer.key, []);
      } catch (error) {
        failed(peer.key, error);
      }
    }
    for (let round = 1; round <= rounds; round++) {
      for (const site of sites.filter(({ key }) => samples.has(key))) {
        if (Date.now() > deadline) break;
        try {
          // What a peer left to the disk is not to be the next one's burden.
          await run('sync', []);
          const sample = await bounded(work.round(site, round, options));
          samples.get(site.key)?.push(sample);
          const text = Object.entries(sample).map(([key, value]) => `${key} ${value.toPrecision(4)}`);
          console.log(`  ${work.key} #${round} ${site.key}: ${text.join(', ')}`);
        } catch (error) {
          failed(site.key, error);
          if (samples.get(site.key)?.length === 0) samples.delete(site.key);
        }
      }
    }
  } finally {
    for (const site of sites) await site.stop();
    await rm(dir, { recursive: true, force: true });
    folders.delete(dir);
  }
  return { work, samples, failures, rounds };
}

const results: Result[] = [];
const leftOut: string[] = [];
for (const work of chosen(works, values.only?.split(',') ?? works.map(({ key }) => key))) {
  if (Date.now() > deadline) {
    console.error(`${work.key}: left out, the time is over`);
    leftOut.push(work.title);
    continue;
  }
  console.log(`${work.key} (${Math.round((Date.now() - begun) / 1000)} s)`);
  results.push(await measure(work));
}
await report(results, peers, { ...values, leftOut, minutes: (Date.now() - begun) / 60_000 });
