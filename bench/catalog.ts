import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { objectIds } from '../lib/app/ids.ts';
import { sqliteCatalog } from '../lib/catalog/sqlite.ts';
import type { Catalog, Change } from '../lib/core/contracts.ts';
import type { Durability, User } from '../lib/core/values.ts';

/** The embedded catalog alone: `node bench/catalog.ts [--dir FOLDER] [--seconds N]`. */
const { values } = parseArgs({
  options: { dir: { type: 'string', default: tmpdir() }, seconds: { type: 'string', default: '2' } },
});
const seconds = Number(values.seconds);
const ids = objectIds();

interface Figure {
  readonly what: string;
  readonly figure: string;
  /** Longest time that the event loop stood still meanwhile, milliseconds. */
  readonly stall: string;
}

const figures: Figure[] = [];

async function measured(what: string, work: () => Promise<string>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const figure = await work();
  delay.disable();
  figures.push({ what, figure, stall: (delay.max / 1e6).toFixed(1) });
}

async function rate(flying: number, once: (n: number) => Promise<unknown>): Promise<string> {
  const end = performance.now() + seconds * 1000;
  const times: number[] = [];
  let n = 0;
  const client = async () => {
    while (performance.now() < end) {
      const begin = performance.now();
      await once(n++);
      times.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: flying }, client));
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  return `${Math.round(times.length / seconds)}/s, p99 ${p99.toFixed(2)} ms`;
}

async function timed(work: () => Promise<unknown>): Promise<string> {
  const begin = performance.now();
  await work();
  return `${(performance.now() - begin).toFixed(1)} ms`;
}

const change = (user: User, durability: Durability = 'stored'): Change => ({
  by: user.id,
  now: Date.now(),
  durability,
});

function draft(parent: string, name: string, withBody: boolean) {
  const body = Buffer.alloc(1024, name);
  const ref = createHash('sha512').update(name).digest('hex');
  return {
    parent,
    name,
    version: ref.slice(0, 43),
    size: 1024,
    extents: [{ ref, offset: 0, length: 1024 }],
    modified: Date.now(),
    checksums: { sha512: ref },
    ...(withBody ? { body } : {}),
  };
}

async function filled(catalog: Catalog, user: User, parent: string, name: string, files: number) {
  const folder = await catalog.mkdir({ parent, name, modified: 0 }, change(user));
  const names = Array.from({ length: files }, (_, n) => `file ${n}.csv`);
  await Promise.all(names.map((each) => catalog.put(draft(folder.id, each, false), change(user))));
  return folder.id;
}

async function main(catalog: Catalog): Promise<void> {
  const user = await catalog.accounts.createUser({
    ...{ id: ids(), login: 'bench', email: null, firstName: '', lastName: '', admin: false },
    ...{ status: 'enabled', created: 0, quota: null, removeAfter: null },
  });
  const { home } = user;
  const a = await catalog.mkdir({ parent: home, name: 'a', modified: 0 }, change(user));
  const b = await catalog.mkdir({ parent: a.id, name: 'b', modified: 0 }, change(user));
  const rates: readonly [string, Durability, number][] = [
    ['put, 1 KiB bodies, 8 in flight, stored', 'stored', 8],
    ['put, 1 KiB bodies, 8 in flight, durable', 'durable', 8],
    ['put, 1 KiB bodies, 64 in flight, stored', 'stored', 64],
    ['put, 1 KiB bodies, 64 in flight, durable', 'durable', 64],
    ['put, 1 KiB bodies, 1 in flight, stored', 'stored', 1],
  ];
  for (const [what, durability, flying] of rates) {
    await measured(what, () =>
      rate(flying, (n) => catalog.put(draft(b.id, `${what} ${n}`, true), change(user, durability))),
    );
  }
  await catalog.put(draft(b.id, 'there', true), change(user));
  for (const name of ['there', 'missing']) {
    await measured(`resolve a/b/${name}`, () => rate(1, () => catalog.resolve(home, ['a', 'b', name])));
    await measured(`resolve a/b/${name}, something committed before each`, () =>
      rate(1, async () => {
        await catalog.accounts.touchToken('none', 1);
        return catalog.resolve(home, ['a', 'b', name]);
      }),
    );
  }
  const token = { id: 'token', kind: 'password', hash: new Uint8Array(32), user: user.id, name: '' } as const;
  const rights = { write: true, root: null, created: 0, expires: null, lastUsed: null };
  await catalog.accounts.createToken({ ...token, ...rights });
  await measured('accounts.token', () => rate(1, () => catalog.accounts.token('token')));
  const five = await filled(catalog, user, home, 'five', 5000);
  for (const round of ['first', 'second']) {
    await measured(`children of 5,000, ${round}`, () =>
      timed(async () => {
        for await (const page of catalog.children(five)) page.at(-1);
      }),
    );
  }
  const ten = await catalog.mkdir({ parent: home, name: 'ten', modified: 0 }, change(user));
  for (const name of ['x', 'y']) await filled(catalog, user, ten.id, name, 5000);
  await measured('copy of 10,000 files', () =>
    timed(() => catalog.copy(ten.id, { parent: home, name: 'copy' }, change(user))),
  );
  const big = await catalog.mkdir({ parent: home, name: 'big', modified: 0 }, change(user));
  for (let n = 0; n < 10; n++) await catalog.copy(ten.id, { parent: big.id, name: `${n}` }, change(user));
  await measured('move of a tree of 100,000', () =>
    timed(() => catalog.move(big.id, { parent: a.id, name: 'moved' }, change(user))),
  );
  await measured('remove of a tree of 100,000', () => timed(() => catalog.remove(big.id, change(user))));
  await measured('usage after that', () => timed(() => catalog.usage(home)));
  await measured('put beside the sweep of 100,000, 8 in flight', async () => {
    let sweeping = true;
    const sweep = (async () => {
      while ((await catalog.upkeep.sweep(Date.now() + 1, 1000)) > 0);
      sweeping = false;
    })();
    const figure = await rate(8, (n) => catalog.put(draft(b.id, `beside ${n}`, true), change(user)));
    const still = sweeping ? ', sweep not done' : ', sweep done';
    await sweep;
    return figure + still;
  });
}

const folder = await mkdtemp(join(values.dir, 'hearth-bench-'));
const catalog = await sqliteCatalog({ path: join(folder, 'catalog.sqlite'), ids });
try {
  await main(catalog);
  console.table(figures);
} finally {
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
}
