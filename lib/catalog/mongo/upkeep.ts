import type { CatalogUpkeep } from '../../core/contracts.ts';
import type { BlobRef, Entry, EntryId, Layout } from '../../core/values.ts';
import { objectId } from './documents.ts';
import { writeDump } from './dump.ts';
import { lineTo } from './lines.ts';
import { expireLocks } from './locks.ts';
import { bytesOf, laidOut, layoutOf } from './reads.ts';
import { repair } from './repair.ts';
import { itemRow, toEntry } from './rows.ts';
import { settle } from './settle.ts';
import { read, type Store } from './store.ts';
import { sweep } from './sweep.ts';
import type { Workers } from './worker.ts';

const refsAtOnce = 1000;
const layoutsPage = 64;
const homesAtOnce = 100;

export function mongoUpkeep(store: Store, workers: Workers): CatalogUpkeep {
  const { body } = store.all;
  return {
    sweep: (before, limit, home) => sweep(store, workers, before, limit, home),
    referenced: (refs) => referenced(store, refs),
    layouts: (after) => layouts(store, after),
    fragmented: (extents, before, limit) => fragmented(store, extents, before, limit),
    waiting: async (limit) => {
      const found = await read('catalog.waiting', () =>
        body.find().sort({ at: 1, _id: 1 }).limit(limit).toArray(),
      );
      return found.map((doc) => ({ ref: doc._id, body: bytesOf(doc.body) }));
    },
    backlog: () => read('catalog.backlog', () => body.estimatedDocumentCount()),
    arrived: async (refs) => {
      await read('catalog.arrived', () => body.deleteMany({ _id: { $in: [...refs] } }));
    },
    expire: (now, journalBefore) => expire(store, workers, now, journalBefore),
    repair: () => repair(store, workers),
    backup: (target) => writeDump(store, target),
  };
}

async function referenced(store: Store, refs: readonly BlobRef[]): Promise<ReadonlySet<BlobRef>> {
  const used = new Set<BlobRef>();
  for (let from = 0; from < refs.length; from += refsAtOnce) {
    const some = refs.slice(from, from + refsAtOnce);
    const found = await read('catalog.referenced', () =>
      store.all.file.distinct('sha512', { sha512: { $in: some } }),
    );
    for (const ref of found) if (ref !== null) used.add(ref);
  }
  return used;
}

type Page = readonly { readonly entry: Entry; readonly layout: Layout }[];

async function* layouts(store: Store, after = '0'.repeat(24)): AsyncIterable<Page> {
  const homes = new Map<string, EntryId | undefined>();
  for (let from = objectId(after); ; ) {
    const docs = await read('catalog.layouts', () =>
      store.all.item
        .aggregate<Parameters<typeof layoutOf>[0]>([
          { $match: { _id: { $gt: from } } },
          { $sort: { _id: 1 } },
          { $limit: layoutsPage },
          ...laidOut,
        ])
        .toArray(),
    );
    const page: { readonly entry: Entry; readonly layout: Layout }[] = [];
    for (const doc of docs) {
      const layout = layoutOf(doc);
      const home = await homeOfUser(store, doc.baseParentId.toHexString(), homes);
      if (layout === undefined || home === undefined) continue;
      const entry = toEntry(itemRow(doc, doc.files), home, () => '');
      page.push({ entry: await placed(store, entry), layout });
    }
    if (page.length > 0) yield page;
    const last = docs.at(-1);
    if (last === undefined || docs.length < layoutsPage) return;
    from = last._id;
  }
}

async function homeOfUser(
  store: Store,
  user: string,
  known: Map<string, EntryId | undefined>,
): Promise<EntryId | undefined> {
  if (known.has(user)) return known.get(user);
  const found = await read('catalog.layouts', () =>
    store.all.home.findOne({ user: objectId(user) }, { projection: { _id: 1 } }),
  );
  if (known.size > 10_000) known.clear();
  known.set(user, found?._id.toHexString());
  return found?._id.toHexString();
}

/** What lies in the trash itself is shown where it was: there its id is its name. */
async function placed(store: Store, entry: Entry): Promise<Entry> {
  if (entry.name !== entry.id) return entry;
  const was = await read('catalog.layouts', () => store.all.trash.findOne({ _id: entry.id }));
  return was === null ? entry : { ...entry, parent: was.parent, name: was.name };
}

async function fragmented(
  store: Store,
  extents: number,
  before: number,
  limit: number,
): Promise<readonly EntryId[]> {
  const cursor = store.all.item
    .find({ 'hearth.parts': { $gt: Math.max(1, extents) }, 'hearth.changed': { $lt: before } })
    .sort({ 'hearth.changed': 1 })
    .project<{ _id: ReturnType<typeof objectId> }>({ _id: 1 });
  const found: EntryId[] = [];
  // Files in the trash are left as they are.
  for await (const { _id } of cursor) {
    if (found.length >= limit) break;
    if ((await lineTo(store, _id.toHexString())) !== undefined) found.push(_id.toHexString());
  }
  return found;
}

async function expire(store: Store, workers: Workers, now: number, journalBefore: number): Promise<void> {
  const { upload, ownToken, home, journal } = store.all;
  await expireLocks(store, workers, now);
  await read('catalog.expire', () => upload.deleteMany({ expires: { $lte: now } }));
  await read('catalog.expire', () => ownToken.deleteMany({ expires: { $gt: 0, $lte: now } }));
  // What a process that died has left unsettled.
  const dirty = await read('catalog.expire', () =>
    home.find({ dirty: true }, { projection: { _id: 1 } }).toArray(),
  );
  for (const { _id } of dirty) await settle(store, _id.toHexString());
  for (;;) {
    const old = await read('catalog.expire', () =>
      journal
        .find({ at: { $lt: journalBefore } }, { projection: { home: 1 } })
        .limit(homesAtOnce)
        .toArray(),
    );
    if (old.length === 0) return;
    for (const one of new Set(old.map((record) => record.home)))
      await expireJournal(store, one, journalBefore);
  }
}

/** The floor first: who asks meanwhile is told, and not shown a journal with a hole. */
async function expireJournal(store: Store, home: EntryId, before: number): Promise<void> {
  const { journal, home: homes } = store.all;
  const [last] = await read('catalog.expire', () =>
    journal
      .find({ home, at: { $lt: before } })
      .sort({ seq: -1 })
      .limit(1)
      .toArray(),
  );
  if (last === undefined) return;
  await read('catalog.expire', () => homes.updateOne({ _id: objectId(home) }, { $max: { floor: last.seq } }));
  await read('catalog.expire', () => journal.deleteMany({ home, seq: { $lte: last.seq } }));
}
