import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import type { EntryId } from '../../core/values.ts';
import { long, objectId } from './documents.ts';
import type { JournalDoc } from './home.ts';
import { type HomeState, journalOf, toHome, touchedSince } from './home.ts';
import { wholeHome } from './pending.ts';
import { read, type Store } from './store.ts';

/**
 * Brings the folders of a home and its journal up to its last change, and Girder's sums of bytes with them. Every step
 * can be made again, and what a crash leaves undone the next settlement does. Records stay in the home's document
 * until the settlement after this one.
 */
export async function settle(store: Store, id: EntryId): Promise<HomeState> {
  const _id = objectId(id);
  const doc = await wholeHome(store, _id);
  if (doc === undefined) throw new StoreError('not-found', { op: 'catalog.settle' });
  const home = toHome(doc);
  const fresh = home.recent.filter(({ seq }) => seq > home.settled);
  if (fresh.length > 0) {
    await Promise.all([
      writeJournal(store, id, fresh.map(journalOf)),
      raiseFolders(store, touchedSince(fresh)),
      countSizes(
        store,
        home,
        new Set(
          fresh.flatMap(({ parent, oldParent }) => (oldParent === null ? [parent] : [parent, oldParent])),
        ),
      ),
    ]);
  }
  const settled = home.seq;
  await read('catalog.settle', () =>
    store.all.home.updateOne({ _id }, {
      $max: { settled },
      $pull: { recent: { seq: { $lte: home.settled } } },
    } as Document),
  );
  await read('catalog.settle', () =>
    store.all.home.updateOne({ _id, seq: settled, settled }, { $unset: { dirty: '' } } as Document),
  );
  return { ...home, settled: Math.max(home.settled, settled), recent: fresh };
}

async function writeJournal(store: Store, home: EntryId, records: readonly ReturnType<typeof journalOf>[]) {
  const operations: AnyBulkWriteOperation<JournalDoc>[] = records.map((record) => ({
    replaceOne: { filter: { home, seq: record.seq }, replacement: { home, ...record }, upsert: true },
  }));
  await read('catalog.settle', () => store.all.journal.bulkWrite(operations, { ordered: false }));
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
