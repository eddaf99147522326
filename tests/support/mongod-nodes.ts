import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { mongodBinary } from './mongod-binary.ts';

/** One mongod; it dies with the process that started it, even by SIGKILL (mongodb-memory-server sees to that). */
export interface MongoNode {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  kill9(): Promise<void>;
  /** On the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const setName = 'hearth';

/** In memory where there is plenty: what a SIGKILL leaves is the same there, and no test waits for a disk. */
async function dataFolder(): Promise<string> {
  const memory = '/dev/shm';
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }));
  return await mkdtemp(join(bavail * bsize > 4 * 2 ** 30 ? memory : tmpdir(), 'hearth-mongo-'));
}

async function startNode(options: { readonly replSet?: string }): Promise<MongoNode> {
  process.env.MONGOMS_SYSTEM_BINARY = await mongodBinary();
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK = 'false';
  process.env.MONGOMS_RUNTIME_DOWNLOAD = 'false';
  // It reads the environment when it is loaded.
  const { MongoMemoryServer } = await import('mongodb-memory-server-core');
  const dbPath = await dataFolder();
  // Some builds break on their own diagnostics; the cache is small, since three of them share a test machine.
  const args = ['--setParameter', 'diagnosticDataCollectionEnabled=false', '--wiredTigerCacheSizeGB', '0.25'];
  const start = (port?: number) =>
    MongoMemoryServer.create({
      instance: {
        ...options,
        ...(port === undefined ? {} : { port }),
        args,
        dbPath,
        storageEngine: 'wiredTiger',
        launchTimeout: 60_000,
      },
    });
  let server = await start();
  const port = server.instanceInfo?.port;
  if (port === undefined) throw new Error('mongod has no port');
  const end = async () => {
    await server.stop({ doCleanup: false, force: false });
  };
  return {
    address: `127.0.0.1:${port}`,
    kill9: async () => {
      // The program itself: what starts it becomes it by `exec`.
      const child = server.instanceInfo?.instance.mongodProcess;
      if (child?.pid === undefined) throw new Error('mongod does not run');
      const { promise, resolve } = Promise.withResolvers<void>();
      child.once('exit', () => resolve());
      process.kill(child.pid, 'SIGKILL');
      await promise;
    },
    restart: async () => {
      await end();
      server = await start(port);
    },
    stop: async () => {
      await end();
      await rm(dbPath, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

export interface MongoNodes {
  /** `mongodb://…/`, without a database. */
  readonly url: string;
  readonly nodes: readonly MongoNode[];
  /** The primary, as the set says now; of a single node that node. */
  primary(): Promise<MongoNode>;
  /** Waits up to a minute until every node is there and has caught up. */
  whole(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSingle(): Promise<MongoNodes> {
  const node = await startNode({});
  return {
    url: `mongodb://${node.address}/`,
    nodes: [node],
    primary: async () => node,
    whole: async () => undefined,
    stop: () => node.stop(),
  };
}

/** A set that elects within about two seconds, with a primary when it returns. */
export async function startSet(count = 3): Promise<MongoNodes> {
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode({ replSet: setName })));
  const url = `mongodb://${nodes.map((node) => node.address).join(',')}/?replicaSet=${setName}`;
  await direct(nodes[0]?.address ?? '', async (client) => {
    const members = nodes.map(({ address: host }, _id) => ({ _id, host }));
    const settings = { electionTimeoutMillis: 1500, heartbeatIntervalMillis: 500 };
    await client.db('admin').command({ replSetInitiate: { _id: setName, members, settings } });
  });
  const primary = () => findPrimary(nodes);
  await primary();
  return {
    url,
    nodes,
    primary,
    whole: () => allThere(nodes),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function direct<T>(address: string, ask: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(`mongodb://${address}/?directConnection=true`, {
    serverSelectionTimeoutMS: 2000,
  });
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
}

/** Waits up to a minute for a primary that can write. */
async function findPrimary(nodes: readonly MongoNode[]): Promise<MongoNode> {
  let last: unknown;
  for (let tries = 0; tries < 300; tries++) {
    for (const node of nodes) {
      try {
        const hello = await direct(node.address, (client) => client.db('admin').command({ hello: 1 }));
        if (hello.isWritablePrimary === true) return node;
      } catch (error) {
        // One of them may be down.
        last = error;
      }
    }
    await sleep(200);
  }
  throw new Error('the replica set has no primary', { cause: last });
}

async function allThere(nodes: readonly MongoNode[]): Promise<void> {
  let states: readonly string[] = [];
  for (let tries = 0; tries < 600; tries++) {
    const primary = await findPrimary(nodes);
    const status = await direct(primary.address, (client) =>
      client.db('admin').command({ replSetGetStatus: 1 }),
    );
    const members: readonly { readonly stateStr: string }[] = status.members;
    states = members.map((member) => member.stateStr).toSorted();
    if (states.every((state, index) => state === (index === 0 ? 'PRIMARY' : 'SECONDARY'))) return;
    await sleep(100);
  }
  throw new Error(`the replica set is not whole: ${states.join(', ')}`);
}
