import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseUrl } from '../../tests/support/mongod.ts';
import { startSet } from '../../tests/support/mongod-nodes.ts';
import { basic, login, type Peer } from './peer.ts';
import { launch, run } from './process.ts';

const bin = fileURLToPath(new URL('../../bin/hearth.mjs', import.meta.url));

/** Options of Node for the server, such as `--cpu-prof`. */
const nodeFlags = (process.env.HEARTH_BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

export async function hearthCommand(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [bin, ...args], { maxBuffer: 1 << 26 });
  return stdout.trim();
}

export async function account(
  data: string,
  seed: string | undefined,
  flags: readonly string[] = [],
): Promise<string> {
  const at = ['--data', data, ...flags];
  await hearthCommand('user', 'add', login, ...at);
  if (seed !== undefined) await hearthCommand('import', seed, '--user', login, ...at);
  return await hearthCommand('token', 'create', login, ...at);
}

/** Servers of a replica set below it, where there are any; they end with this process. */
function variant(key: string, name: string, durability: string, flags: readonly string[], members = 0): Peer {
  return {
    key,
    name,
    durability,
    async start(dir, seed) {
      const data = join(dir, 'data');
      const set = members === 0 ? undefined : await startSet(members);
      const catalog = set === undefined ? [] : ['--catalog', databaseUrl(set.url, 'hearth')];
      const token = await account(data, seed, catalog);
      const args = [
        ...nodeFlags,
        bin,
        'serve',
        '--json',
        '--port',
        '0',
        '--data',
        data,
        ...flags,
        ...catalog,
      ];
      const child = launch(dir, process.execPath, args, true);
      let text = '';
      child.process.stdout?.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      const ended = once(child.process, 'exit').then(([code]) => {
        throw new Error(`hearth serve ended with ${code}`);
      });
      ended.catch(() => undefined);
      while (!text.includes('\n') && child.process.stdout !== null) {
        await Promise.race([ended, once(child.process.stdout, 'data')]);
      }
      const { url } = JSON.parse(text) as { url: string };
      return {
        url: `${url}/homes/${login}`,
        login,
        password: token,
        authorization: basic(login, token),
        pid: child.pid,
        hearth: { origin: url, data },
        ...(set === undefined ? {} : { mongo: set.url }),
        stop: async () => {
          await child.stop();
          await set?.stop();
        },
      };
    },
  };
}

const relaxedText = 'survives a crash of the server';
const fullText = 'survives power loss (synced before the reply)';

export const hearth = variant('hearth', 'Hearth, relaxed', relaxedText, ['--durability', 'relaxed']);
export const hearthFull = variant('hearth-full', 'Hearth, full', fullText, ['--durability', 'full']);
export const hearthTwo = variant('hearth-two', 'Hearth, relaxed, --workers 2', relaxedText, [
  '--durability',
  'relaxed',
  '--workers',
  '2',
]);

const majority = 'a majority of the database has it in its journal';

export const hearthMongoOne = variant(
  'hearth-mongo-one',
  'Hearth on MongoDB, a set of one',
  majority,
  ['--durability', 'relaxed'],
  1,
);
export const hearthMongo = variant(
  'hearth-mongo',
  'Hearth on MongoDB, a set of three',
  majority,
  ['--durability', 'relaxed'],
  3,
);
