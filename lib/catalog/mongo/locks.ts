import type { Locks } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { EntryId, Lock, LockToken } from '../../core/values.ts';
import type { LockDoc } from './collections.ts';
import { objectId } from './documents.ts';
import { wholly } from './pending.ts';
import { read, type Store } from './store.ts';
import type { Workers } from './worker.ts';

const toLock = ({ _id, ...rest }: LockDoc): Lock => ({ token: _id, ...rest });

export function mongoLocks(store: Store, workers: Workers): Locks {
  const { home: homes, lock: locks } = store.all;

  /** The home first, then its locks: one that comes between the two makes the generation old, which is found out. */
  async function look(home: EntryId) {
    const projection = { rev: 1, applied: 1, generation: 1, locked: 1 } as const;
    const found = await read('catalog.locks', () => homes.findOne({ _id: objectId(home) }, { projection }));
    const held =
      found?.locked === true ? await read('catalog.locks', () => locks.find({ home }).toArray()) : [];
    return { found: found ?? undefined, held };
  }

  return {
    held: async (home, now) => {
      const { found, held } = await wholly(
        store,
        () => look(home),
        (one) => one.found,
      );
      const sorted = held.toSorted((a, b) => (a._id < b._id ? -1 : 1)).map(toLock);
      return { generation: found?.generation ?? 0, locks: sorted.filter((lock) => lock.expires > now) };
    },
    create: (lock, generation, now) =>
      workers.call(
        lock.home,
        async (view) => {
          const op = 'catalog.lock';
          await view.live(lock.entry, op);
          if (view.home.generation !== generation) {
            throw new StoreError('conflict', { op, message: 'A lock came or went meanwhile; check again.' });
          }
          const { token, ...rest } = lock;
          const expired = await read(op, () =>
            locks.find({ home: lock.home, expires: { $lte: now } }).toArray(),
          );
          for (const { _id } of expired) view.writes.push({ on: 'lock', id: _id, remove: true });
          view.writes.push({ on: 'lock', id: token, insert: rest });
          view.home.generation += 1;
          view.home.locked = true;
        },
        { alone: true },
      ),
    refresh: async (token, expires, now) => {
      const found = await read('catalog.lock', () =>
        locks.findOneAndUpdate(
          { _id: token, expires: { $gt: now } },
          { $set: { expires } },
          { returnDocument: 'after' },
        ),
      );
      return found === null ? undefined : toLock(found);
    },
    release: (token, now) => release(store, workers, token, now),
  };
}

async function release(store: Store, workers: Workers, token: LockToken, now: number): Promise<boolean> {
  const find = () => read('catalog.lock', () => store.all.lock.findOne({ _id: token }));
  const found = await find();
  if (found === null) return false;
  return workers.call(
    found.home,
    async (view) => {
      const lock = await find();
      if (lock === null) return false;
      view.writes.push({ on: 'lock', id: token, remove: true });
      view.home.generation += 1;
      const others = await read('catalog.lock', () =>
        store.all.lock.countDocuments({ home: found.home, _id: { $ne: token } }, { limit: 1 }),
      );
      view.home.locked = others > 0;
      return lock.expires > now;
    },
    { alone: true },
  );
}

/** Takes what has expired away, home by home. */
export async function expireLocks(store: Store, workers: Workers, now: number): Promise<void> {
  const homes = await read('catalog.lock', () => store.all.lock.distinct('home', { expires: { $lte: now } }));
  for (const home of homes) {
    await workers.call(
      home,
      async (view) => {
        const expired = await read('catalog.lock', () =>
          store.all.lock.find({ home, expires: { $lte: now } }).toArray(),
        );
        for (const { _id } of expired) view.writes.push({ on: 'lock', id: _id, remove: true });
        if (expired.length > 0) view.home.generation += 1;
        const others = await read('catalog.lock', () =>
          store.all.lock.countDocuments({ home, expires: { $gt: now } }, { limit: 1 }),
        );
        view.home.locked = others > 0;
      },
      { alone: true },
    );
  }
}
