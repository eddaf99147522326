import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { BSON, type Document } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import { type Collections, nameOf } from './collections.ts';
import { asStoreError } from './errors.ts';
import type { Store } from './store.ts';

/** A line of a dump: a document, and the collection that it is of. */
export interface Dumped {
  readonly in: string;
  readonly doc: Document;
}

/** Bytes that go to the file together. */
const chunk = 1_048_576;
/** The longest document of MongoDB, and what is around it. */
const documentMost = 17_000_000;

/**
 * All collections as they were at one moment, while others write: one BSON document after the other. Needs the
 * snapshots of a replica set.
 */
export async function writeDump(store: Store, target: string): Promise<void> {
  if (!store.transactions) {
    const message =
      'A consistent copy needs a replica set (a set of one will do); or stop Hearth and copy the database with mongodump.';
    throw new StoreError('unsupported', { op: 'catalog.backup', message });
  }
  const session = store.client.startSession({ snapshot: true });
  const file = await open(target, 'wx', 0o600).catch((cause: unknown) => {
    const message = 'The file for the copy of the catalog could not be made, or is there already.';
    throw new StoreError('unavailable', { op: 'catalog.backup', message, cause });
  });
  try {
    let parts: Uint8Array[] = [];
    let size = 0;
    const flush = async () => {
      for (const part of parts) await file.writeFile(part);
      [parts, size] = [[], 0];
    };
    for (const key of Object.keys(store.all) as (keyof Collections)[]) {
      const cursor = store.db.collection(nameOf(key)).find({}, { session, promoteLongs: false });
      for await (const doc of cursor) {
        const bytes = BSON.serialize({ in: nameOf(key), doc });
        parts.push(bytes);
        size += bytes.length;
        if (size >= chunk) await flush();
      }
    }
    await flush();
    await file.sync();
  } catch (error) {
    throw asStoreError(error, 'catalog.backup');
  } finally {
    await file.close();
    await session.endSession();
  }
}

/** The documents of a dump, in the order in which they were written. */
export async function* readDump(path: string): AsyncIterable<Dumped> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of createReadStream(path, { highWaterMark: chunk })) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    let at = 0;
    while (rest.length - at >= 4) {
      const length = rest.readInt32LE(at);
      if (length < 5 || length > documentMost) throw damaged();
      if (rest.length - at < length) break;
      yield BSON.deserialize(rest.subarray(at, at + length), {
        promoteLongs: false,
        promoteBuffers: true,
      }) as unknown as Dumped;
      at += length;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) throw damaged();
}

const damaged = (): StoreError =>
  new StoreError('invalid', {
    op: 'catalog.restore',
    message: 'The copy of the catalog is cut short or damaged.',
  });
