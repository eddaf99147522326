import type { Document } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import type { EntryId, JournalRecord } from '../../core/values.ts';
import { long, objectId } from './documents.ts';
import { onlyDuplicates } from './errors.ts';
import type { JournalDoc } from './home.ts';
import { type HomeState, recordsOf, toHome, touchedSince } from './home.ts';
import { wholly } from './pending.ts';
import { read, type Store } from './store.ts';

export interface Settled {
  /** Up to this record all is settled. */
  readonly settled: number;
  /** The home's document has let go of what was before and at this one. */
  readonly dropped: number;
  /** What the folders bear now. */
  readonly raised: ReadonlyMap<EntryId, number>;
}

/**
 * Brings the folders of a home and its journal up to its last change, and Girder's sums of bytes with them. Every step
 * can be made again, and what a crash leaves undone the next settlement does. What is settled stays in the home's
 * document until the settlement after this one.
 */
export async function settle(store: Store, id: EntryId): Promise<Settled> {
  const op = 'catalog.settle';
  const _id = objectId(id);
  const doc = await wholly(
    store,
    () => read(op, () => store.all.home.findOne({ _id })),
    (home) => home ?? undefined,
  );
  if (doc === null) throw new StoreError('not-found', { op });
  const home = toHome(doc);
  const fresh = recordsOf(doc.log).filter(({ seq }) => seq > home.settled);
  const raised = touchedSince(doc.tail.filter(({ s }) => s > home.settled));
  if (fresh.length > 0) {
    const parents = fresh.flatMap(({ parent, oldParent }) => [
      parent,
      ...(oldParent === null ? [] : [oldParent]),
    ]);
    await Promise.all([
      writeJournal(store, id, fresh),
      raiseFolders(store, raised),
      countSizes(store, home, new Set(parents)),
    ]);
  }
  const settled = home.seq;
  const dropped = home.settled;
  const update = {
    $max: { settled },
    $pull: { tail: { s: { $lte: dropped } }, log: { to: { $lte: dropped } } },
  };
  await read(op, () => store.all.home.updateOne({ _id }, update as Document));
  await read(op, () =>
    store.all.home.updateOne({ _id, seq: settled, settled }, { $unset: { dirty: '' } } as Document),
  );
  return { settled, dropped, raised };
}

/** What a settlement that was cut off has written already is there as it should be. */
async function writeJournal(store: Store, home: EntryId, records: readonly JournalRecord[]): Promise<void> {
  try {
    const docs = records.map((record): JournalDoc => ({ home, ...record }));
    await read('catalog.settle', () => store.all.journal.insertMany(docs, { ordered: false }));
  } catch (error) {
    if (!onlyDuplicates(error instanceof StoreError ? error.cause : error)) throw error;
  }
}

async function raiseFolders(store: Store, seqs: ReadonlyMap<EntryId, number>): Promise<void> {
  const operations = [...seqs].map(([id, tree]) => ({
    updateOne: { filter: { _id: objectId(id) }, update: { $max: { 'hearth.tree': tree } } as Document },
  }));
  await read('catalog.settle', () => store.all.folder.bulkWrite(operations, { ordered: false }));
}

/** Girder's meaning: a folder has the bytes of its own items, a user those of the whole tree. */
export async function countSizes(
  store: Store,
  home: Pick<HomeState, 'user' | 'used'>,
  folders: ReadonlySet<EntryId>,
): Promise<void> {
  const ids = [...folders].map(objectId);
  const sums = await read('catalog.settle', () =>
    store.all.item
      .aggregate<{ _id: Document; size: number }>([
        { $match: { folderId: { $in: ids } } },
        { $group: { _id: '$folderId', size: { $sum: '$size' } } },
      ])
      .toArray(),
  );
  const sizes = new Map(sums.map(({ _id, size }) => [_id.toHexString() as string, size]));
  const operations = [...folders].map((id) => ({
    updateOne: { filter: { _id: objectId(id) }, update: { $set: { size: long(sizes.get(id) ?? 0) } } },
  }));
  if (operations.length > 0) {
    await read('catalog.settle', () => store.all.folder.bulkWrite(operations, { ordered: false }));
  }
  const user = objectId(home.user);
  await read('catalog.settle', () =>
    store.all.user.updateOne({ _id: user }, { $set: { size: long(home.used) } }),
  );
}
