import type { Document, WriteConcernSettings } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import { long, objectId } from './documents.ts';
import { asStoreError, comesAgain, isTransient, isUnknownCommit } from './errors.ts';
import { type HomeState, logOf, type Recent, tailOf } from './home.ts';
import { markApplied, perform } from './pending.ts';
import { patience, type Store } from './store.ts';
import { bulkOf, collectionOf, targets, type Write } from './writes.ts';

/** Changes of one home that were planned on its state `was`. */
export interface Commit {
  readonly was: number;
  readonly home: HomeState;
  readonly records: readonly Recent[];
  readonly writes: readonly Write[];
  readonly bodies: readonly { readonly ref: string; readonly body: Uint8Array }[];
  readonly durable: boolean;
  readonly at: number;
}

/** Acknowledged means: a majority has it; on one server, that it was written, or (durable) is on its disk. */
const concern = (store: Store, durable: boolean): WriteConcernSettings =>
  store.transactions
    ? { w: 'majority', ...(durable ? { journal: true } : {}) }
    : { w: 1, ...(durable ? { journal: true } : {}) };

/** False: the home is not what it was; nothing was done. */
export async function commit(store: Store, change: Commit): Promise<boolean> {
  try {
    return store.transactions ? await together(store, change) : await announced(store, change);
  } catch (error) {
    throw asStoreError(error, 'catalog.commit');
  }
}

function homeUpdate({ home, records }: Commit): { $set: Document; $push?: Document } {
  const { rev, seq, generation, locked, uncounted } = home;
  const counters = { used: long(home.used), trashed: long(home.trashed) };
  const quota = home.quota === null ? null : long(home.quota);
  return {
    $set: { rev, seq, generation, locked, uncounted, ...counters, quota, dirty: true },
    ...(records.length === 0 ? {} : { $push: { tail: { $each: tailOf(records) }, log: logOf(records) } }),
  };
}

let counted = 0;

/** Bodies are named by what they hold, so that one which nobody comes to name harms nobody. */
async function keepBodies(store: Store, { bodies, at, durable }: Commit): Promise<void> {
  if (bodies.length === 0) return;
  // In order, also within a millisecond.
  const operations = bodies.map(({ ref, body }, n) => ({
    updateOne: {
      filter: { _id: ref },
      update: { $setOnInsert: { body: Buffer.from(body), at: at * 1000 + ((counted + n) % 1000) } },
      upsert: true,
    },
  }));
  counted += bodies.length;
  await store.all.body.bulkWrite(operations, { ordered: false, writeConcern: concern(store, durable) });
}

async function together(store: Store, change: Commit): Promise<boolean> {
  const session = store.client.startSession();
  const kept = keepBodies(store, change);
  // It is awaited below; until then its failure is nobody's surprise.
  kept.catch(() => undefined);
  try {
    session.startTransaction({
      writeConcern: concern(store, change.durable),
      readConcern: { level: 'local' },
    });
    const filter = { _id: objectId(change.home.id), rev: change.was };
    const { matchedCount } = await store.all.home.updateOne(filter, homeUpdate(change), { session });
    if (matchedCount === 0) {
      await session.abortTransaction();
      return false;
    }
    for (const on of targets) {
      const operations = bulkOf(change.writes, on);
      if (operations.length > 0) await collectionOf(store.all, on).bulkWrite(operations, { session });
    }
    await kept;
    await committed(() => session.commitTransaction());
    return true;
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction();
    if (isTransient(error)) return false;
    throw error;
  } finally {
    await session.endSession();
  }
}

/** A commit whose answer got lost may be asked for again: it happens once. */
async function committed(ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (!isUnknownCommit(error) && !(comesAgain(error) && !isTransient(error))) throw error;
      if (performance.now() > deadline) throw unknown(error);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function unknown(cause: unknown): StoreError {
  const message =
    'The database went away while it was writing; whether this change was made is unknown. Look, and try again.';
  return new StoreError('unavailable', { op: 'catalog.commit', message, cause });
}

/** How long the author of an announced change may take to make it: then another may have made it long ago. */
const authorTime = 5000;

/** Without transactions: the home's document says what is going to be written, and then it is written. */
async function announced(store: Store, change: Commit): Promise<boolean> {
  const { home, was, writes, durable } = change;
  const _id = objectId(home.id);
  const writeConcern = concern(store, durable);
  await keepBodies(store, change);
  const { $set, ...rest } = homeUpdate(change);
  // Who plans a change has seen that the one before it was made.
  const update = { $set: { ...$set, intent: writes, applied: was }, ...rest };
  const begun = performance.now();
  const { matchedCount } = await store.all.home.updateOne({ _id, rev: was }, update, { writeConcern });
  if (matchedCount === 0) return false;
  if (performance.now() - begun > authorTime) throw unknown(undefined);
  await perform(store, writes, home.rev, writeConcern);
  store.pending.made(home.id, home.rev, () => markApplied(store, _id, home.rev));
  return true;
}
