import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { basic, login, type Peer } from './peer.ts';
import { launch, run } from './process.ts';

const bin = fileURLToPath(new URL('../../bin/hearth.mjs', import.meta.url));

/** Options of Node for the server, such as `--cpu-prof`. */
const nodeFlags = (process.env.HEARTH_BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

export async function hearthCommand(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [bin, ...args], { maxBuffer: 1 << 26 });
  return stdout.trim();
}

export async function account(data: string, seed: string | undefined): Promise<string> {
  await hearthCommand('user', 'add', login, '--data', data);
  if (seed !== undefined) await hearthCommand('import', seed, '--user', login, '--data', data);
  return await hearthCommand('token', 'create', login, '--data', data);
}

function variant(key: string, name: string, durability: string, flags: readonly string[]): Peer {
  return {
    key,
    name,
    durability,
    async start(dir, seed) {
      const data = join(dir, 'data');
      const token = await account(data, seed);
      const args = [...nodeFlags, bin, 'serve', '--json', '--port', '0', '--data', data, ...flags];
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
        stop: child.stop,
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
