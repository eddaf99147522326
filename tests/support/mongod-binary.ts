import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from './program.ts';

/** Lies beside the clone where there is one: `mongod install FOLDER` prints the path of an executable. */
const service = fileURLToPath(new URL('../../../shared/services/mongod', import.meta.url));

export type MongoKind = 'single' | 'set';

/** In front of what no installation from here can mend, so that CI lets it pass: `tests/support/needs.ts`. */
const absent =
  'this machine cannot: there is no MongoDB here; set MONGODB_URI to a server for tests, or HEARTH_MONGOD to a mongod';

/** `skip` option of a test on a real MongoDB: false where there is one. */
export function needsMongo(kind: MongoKind = 'set'): false | string {
  const uri = process.env.MONGODB_URI;
  if (uri !== undefined)
    return kind === 'single' || /[?&]replicaSet=/i.test(uri) || uri.startsWith('mongodb+srv:')
      ? false
      : 'MONGODB_URI names no replica set (replicaSet=…), which this test needs';
  return needsMongod();
}

/** The same of a test that starts and kills servers of its own. */
export function needsMongod(): false | string {
  return process.env.HEARTH_MONGOD !== undefined || existsSync(service) ? false : absent;
}

/** Path of an executable, installed first where need be (once for all tests of a machine). */
export async function mongodBinary(): Promise<string> {
  const given = process.env.HEARTH_MONGOD;
  if (given !== undefined) return given;
  const hash = createHash('sha256').update(readFileSync(service)).digest('hex').slice(0, 12);
  const name = `hearth-mongod-${process.getuid?.() ?? 0}-${hash}`;
  const folder = join(tmpdir(), name);
  const ready = join(folder, 'ready');
  return alone(`${name}-install`, async () => {
    const known = existsSync(ready) ? readFileSync(ready, 'utf8') : '';
    if (known !== '' && existsSync(known)) return known;
    const { code, output } = await run(service, ['install', folder], { timeout: 240_000 });
    const path = output.trim().split('\n').at(-1) ?? '';
    if (code !== 0 || !existsSync(path)) throw new Error(`mongod could not be installed:\n${output}`);
    await writeFile(ready, path);
    return path;
  });
}

/** One process of the machine at a time. A name in the kernel (Linux) ends with its process, so no lock outlives it. */
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 1500; tries++) {
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(`\0${name}`, () => resolve(true));
    if (await promise) {
      try {
        return await work();
      } finally {
        server.close();
      }
    }
    await sleep(200);
  }
  throw new Error(`another process has been installing ${name} for five minutes`);
}
