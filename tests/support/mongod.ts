import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { environment, plainly } from './environment.ts';
import { type MongoKind, mongodBinary } from './mongod-binary.ts';

const holder = fileURLToPath(new URL('mongod-holder.ts', import.meta.url));

/** A real MongoDB that other test files use too. */
export interface Mongo {
  /** The address of a database of its own, with nothing in it. */
  database(): string;
  /** Drops the databases made here. */
  close(): Promise<void>;
}

/** `MONGODB_URI` where it is set, else one server (or set of three) for all test files that run at a time. */
export async function mongo(kind: MongoKind = 'set'): Promise<Mongo> {
  const share = process.env.MONGODB_URI === undefined ? await held(kind) : undefined;
  const base = share?.url ?? process.env.MONGODB_URI ?? '';
  const names: string[] = [];
  return {
    database: () => {
      const name = `hearth-test-${randomBytes(6).toString('hex')}`;
      names.push(name);
      return databaseUrl(base, name);
    },
    close: async () => {
      try {
        await drop(base, names);
      } finally {
        share?.socket.destroy();
      }
    },
  };
}

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/s.exec(url);
  if (parts === null) throw new Error('not the address of a MongoDB');
  return `${parts[1]}/${name}${parts[2] ?? ''}`;
}

async function drop(base: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const client = await MongoClient.connect(base);
  try {
    for (const name of names) await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}

interface Share {
  readonly url: string;
  readonly socket: Socket;
}

/** A share in what the holder keeps; the first caller starts the holder. */
async function held(kind: MongoKind): Promise<Share> {
  const binary = await mongodBinary();
  const of = createHash('sha256').update(binary).update(holder).digest('hex').slice(0, 12);
  const name = `hearth-mongo-${kind}-${process.getuid?.() ?? 0}-${of}`;
  let failure: unknown;
  for (let tries = 0; tries < 3; tries++) {
    try {
      return await ask((await reach(name)) ?? (await begin(kind, name, binary)));
    } catch (error) {
      // It may have been about to end.
      failure = error;
      await sleep(500);
    }
  }
  throw failure;
}

async function reach(name: string): Promise<Socket | undefined> {
  const socket = connect(`\0${name}`);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

async function begin(kind: MongoKind, name: string, binary: string): Promise<Socket> {
  const child = spawn(...plainly(process.execPath, [holder, kind, name]), {
    env: environment({ HEARTH_MONGOD: binary }),
    stdio: 'ignore',
    detached: true,
  });
  child.unref();
  for (let tries = 0; tries < 150; tries++) {
    const socket = await reach(name);
    if (socket !== undefined) return socket;
    await sleep(100);
  }
  throw new Error('the process that keeps MongoDB for the tests does not answer');
}

async function ask(socket: Socket): Promise<Share> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.includes('\n')) resolve(text);
  });
  socket.once('close', () => reject(new Error('the process that keeps MongoDB for the tests is gone')));
  socket.setTimeout(120_000, () => socket.destroy());
  const { url, error } = JSON.parse(await promise) as { url?: string; error?: string };
  if (url === undefined) throw new Error(`MongoDB could not be started for the tests: ${error}`);
  socket.setTimeout(0);
  // The share lasts as long as this process, and does not keep it.
  socket.unref();
  return { url, socket };
}
