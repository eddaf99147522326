import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { pino } from 'pino';
import { startBackground } from '../../lib/app/background.ts';
import type { House } from '../../lib/app/compose.ts';
import { loadConfig } from '../../lib/app/config.ts';
import { readEnvironment } from '../../lib/app/env.ts';
import { collect, eraseRemoved, keepingBytes, lastCollected } from '../../lib/app/maintenance.ts';
import type { BlobStore, Catalog } from '../../lib/core/contracts.ts';
import type { User } from '../../lib/core/values.ts';
import { ada } from '../auth/memory-accounts.ts';

/** A house of fakes: as much of a catalog and a blob store as upkeep touches. */
async function fakeHouse(flags: Record<string, unknown> = {}) {
  const settings = new Map<string, string>();
  const users: User[] = [];
  const calls: string[] = [];
  const blobs = new Map([['a'.repeat(128), 10]]);
  const config = await loadConfig({ env: readEnvironment({}), flags });
  const catalog = {
    accounts: {
      setting: async (key: string) => settings.get(key),
      putSetting: async (key: string, value: string) => void settings.set(key, value),
      users: async function* () {
        yield [...users];
      },
      eraseUser: async (id: string) => void calls.push(`erase ${id}`),
    },
    uploads: { list: async () => [] },
    upkeep: {
      referenced: async () => new Set(),
      waiting: async () => {
        calls.push('waiting');
        if (calls.filter((call) => call === 'waiting').length === 1) throw new Error('disk trouble');
        return [];
      },
    },
  } as unknown as Catalog;
  const store = {
    list: async function* () {
      yield [...blobs].map(([ref, size]) => ({ ref, size, created: 0 }));
    },
    remove: async (ref: string) => blobs.delete(ref),
  } as unknown as BlobStore;
  const house = {
    config,
    catalog,
    blobs: store,
    clock: () => 1_700_000_000_000,
    key: createSecretKey(randomBytes(32)),
  } as unknown as House;
  return { house, users, calls, blobs };
}

test('no bytes are removed while a backup keeps them, and they are when it is done', async () => {
  const { house, blobs } = await fakeHouse();
  await keepingBytes(house, async () => {
    assert.equal((await collect(house, { youngerThan: 0 })).removed, 0);
    assert.equal(blobs.size, 1);
  });
  assert.equal((await collect(house, { youngerThan: 0 })).removed, 1);
  assert.equal(blobs.size, 0);
  assert.equal(await lastCollected(house), house.clock());
});

test('bytes are let go when a backup fails', async () => {
  const { house } = await fakeHouse();
  await assert.rejects(
    keepingBytes(house, () => Promise.reject(new Error('no room'))),
    /no room/,
  );
  assert.equal((await collect(house, { youngerThan: 0 })).removed, 1);
});

test('a removed user is erased after the grace period and not before', async () => {
  const { house, users, calls } = await fakeHouse();
  users.push({ ...ada, id: 'stays' }, { ...ada, id: 'later', removeAfter: house.clock() + 1 });
  users.push({ ...ada, id: 'due', removeAfter: house.clock() });
  await eraseRemoved(house);
  assert.deepEqual(calls, ['erase due']);
});

test('upkeep that failed is reported and tried again, and ends when told', async () => {
  const hours = Object.fromEntries(
    ['compactEvery', 'expireEvery', 'sweepEvery', 'collectEvery'].map((key) => [`upkeep.${key}`, '9h']),
  );
  const { house, calls } = await fakeHouse({ ...hours, 'upkeep.flushEvery': 5 });
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const background = startBackground(house, log);
  while (calls.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await background.stop();
  const after = calls.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(calls.length, after);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /disk trouble.*flush|flush.*disk trouble/);
});
