import { randomBytes } from 'node:crypto';
import type { Document } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import type { BlobRef, EntryId, Extent } from '../../core/values.ts';
import { nameOf } from './collections.ts';
import { extentsOf } from './contents.ts';
import type { FileDoc } from './documents.ts';
import { type Dumped, readDump } from './dump.ts';
import { asStoreError } from './errors.ts';
import type { Store } from './store.ts';

const batch = 1000;

/** What a dump says of bytes: as much of a Catalog as copying its blobs needs. */
export interface DumpedContents {
  readonly upkeep: {
    layouts(): AsyncIterable<readonly { readonly layout: { readonly extents: readonly Extent[] } }[]>;
  };
  body(ref: BlobRef): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** Bodies that waited in the catalog are in the dump itself. */
export async function dumpedContents(path: string): Promise<DumpedContents> {
  const waiting = new Set<BlobRef>();
  for await (const { in: name, doc } of readDump(path)) if (name === nameOf('body')) waiting.add(doc._id);
  return {
    upkeep: {
      async *layouts() {
        for await (const { in: name, doc } of readDump(path)) {
          const file = doc as FileDoc;
          if (name === nameOf('file') && file.itemId !== null)
            yield [{ layout: { extents: extentsOf(file) } }];
        }
      },
    },
    body: async (ref) => (waiting.has(ref) ? new Uint8Array(0) : undefined),
    close: async () => undefined,
  };
}

/**
 * Fills an empty database from a dump. Every home begins a new epoch, so that no client takes its folders for those
 * it knew; `root`: where the bytes lie now.
 */
export async function loadDump(store: Store, path: string, root: string | undefined): Promise<void> {
  if (
    (await store.all.user.estimatedDocumentCount()) > 0 ||
    (await store.all.home.estimatedDocumentCount()) > 0
  ) {
    const message = 'The database holds a catalog already; a backup is restored into a new one only.';
    throw new StoreError('exists', { op: 'catalog.restore', message });
  }
  // What opening it has made; the dump has its own.
  await store.all.assetstore.deleteMany({});
  const epoch = `-${randomBytes(4).toString('hex')}`;
  const held = new Map<string, Document[]>();
  const flush = async (name: string) => {
    const docs = held.get(name) ?? [];
    held.delete(name);
    if (docs.length > 0) await store.db.collection(name).insertMany(docs, { ordered: false });
  };
  try {
    for await (const { in: name, doc } of readDump(path)) {
      const docs = held.get(name) ?? [];
      docs.push(renewed(name, doc, epoch, root));
      held.set(name, docs);
      if (docs.length >= batch) await flush(name);
    }
    for (const name of [...held.keys()]) await flush(name);
  } catch (error) {
    throw asStoreError(error, 'catalog.restore');
  }
}

function renewed(name: Dumped['in'], doc: Document, epoch: EntryId, root: string | undefined): Document {
  if (name === nameOf('home')) return { ...doc, epoch };
  return name === nameOf('assetstore') && doc.type === 0 && root !== undefined ? { ...doc, root } : doc;
}
