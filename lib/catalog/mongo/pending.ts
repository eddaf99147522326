import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectId, WriteConcernSettings } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import type { EntryId } from '../../core/values.ts';
import { onlyDuplicates } from './errors.ts';
import { type HomeDoc, leanHome } from './home.ts';
import { read, type Store } from './store.ts';
import { bulkOf, collectionOf, targets, type Write } from './writes.ts';

/** Without transactions: looks this often at a change that another has announced and not made yet. */
const looks = [2, 5, 10, 20, 40, 80];

const homesKept = 10_000;

/** Changes that this process has announced and made: it need not wait until the home's document says so. */
export class Pending {
  private readonly revs = new Map<EntryId, number>();
  private readonly marking = new Set<Promise<unknown>>();

  /** `mark` tells the others. A failure harms nobody: whoever looks makes the change again, to no effect. */
  made(home: EntryId, rev: number, mark: () => Promise<unknown>): void {
    if (this.revs.size >= homesKept) this.revs.clear();
    this.revs.set(home, rev);
    const marked = mark().catch((error: unknown) => error);
    this.marking.add(marked);
    void marked.finally(() => this.marking.delete(marked));
  }

  isMade(home: EntryId, rev: number): boolean {
    return (this.revs.get(home) ?? -1) >= rev;
  }

  async settled(): Promise<void> {
    await Promise.all(this.marking);
  }
}

/** Makes an announced change. Whoever comes later makes it again, to no effect. */
export async function perform(
  store: Store,
  writes: readonly Write[],
  rev: number,
  writeConcern: WriteConcernSettings,
): Promise<void> {
  await Promise.all(
    targets.map(async (on) => {
      const operations = bulkOf(writes, on, rev);
      if (operations.length === 0) return;
      try {
        const options = { ordered: false, writeConcern };
        await read('catalog.write', () => collectionOf(store.all, on).bulkWrite(operations, options));
      } catch (error) {
        const cause = error instanceof StoreError ? error.cause : error;
        if (!onlyDuplicates(cause)) throw error;
      }
    }),
  );
}

export const markApplied = (store: Store, _id: ObjectId, rev: number) =>
  read('catalog.write', () =>
    store.all.home.updateOne({ _id, rev }, { $set: { applied: rev }, $unset: { intent: '' } }),
  );

/**
 * True when the home was half written at the time of that look: then it is whole now, and what was seen of it has to
 * be read anew. A change whose author does not come to making it (it died) is made here.
 */
export async function settledHome(
  store: Store,
  seen: Pick<HomeDoc, '_id' | 'rev' | 'applied'>,
): Promise<boolean> {
  if (store.transactions || seen.rev === seen.applied) return false;
  if (store.pending.isMade(seen._id.toHexString(), seen.rev)) return false;
  for (const wait of looks) {
    await sleep(wait);
    const home = await homeDoc(store, seen._id);
    if (home === undefined || home.rev !== seen.rev || home.rev === home.applied) return true;
  }
  // Longs as they are: a number would come back as a double.
  const options = { promoteLongs: false, promoteValues: true };
  const raw = await read('catalog.read', () => store.all.home.findOne({ _id: seen._id }, options));
  const home = raw === null ? undefined : { ...raw, rev: Number(raw.rev), applied: Number(raw.applied) };
  if (home === undefined || home.rev !== seen.rev || home.rev === home.applied) return true;
  await perform(store, (home.intent ?? []) as readonly Write[], home.rev, {});
  await markApplied(store, home._id, home.rev);
  return true;
}

/** Looks, and looks again where the home was half written at that time. */
export async function wholly<T>(
  store: Store,
  look: () => Promise<T>,
  homeIn: (found: T) => Pick<HomeDoc, '_id' | 'rev' | 'applied'> | undefined,
): Promise<T> {
  const found = await look();
  const home = homeIn(found);
  return home !== undefined && (await settledHome(store, home)) ? look() : found;
}

/** A home, whole; undefined where there is none. */
export const wholeHome = (store: Store, _id: ObjectId): Promise<HomeDoc | undefined> =>
  wholly(
    store,
    () => homeDoc(store, _id),
    (found) => found,
  );

export async function homeDoc(store: Store, _id: ObjectId): Promise<HomeDoc | undefined> {
  const projection = leanHome;
  return (await read('catalog.read', () => store.all.home.findOne({ _id }, { projection }))) ?? undefined;
}
