import type { Document, FindCursor } from 'mongodb';
import type { Resolved } from '../../core/contracts.ts';
import type { BlobRef, Entry, EntryId, Layout } from '../../core/values.ts';
import { nameOf } from './collections.ts';
import { extentsOf } from './contents.ts';
import { type FileDoc, type FolderDoc, type ItemDoc, objectId } from './documents.ts';
import { asStoreError } from './errors.ts';
import { folderVersions, toHome } from './home.ts';
import { type Line, lineOf, lineTo, type Upward, upward, wayFrom } from './lines.ts';
import { wholly } from './pending.ts';
import { folderRow, itemRow, memberRow, type Row, rowFields, toEntry } from './rows.ts';
import { read, type Store } from './store.ts';

/** The line, once nothing of the home is half written. */
export const settledLine = (store: Store, id: EntryId): Promise<Line | undefined> =>
  wholly(
    store,
    () => lineTo(store, id),
    (line) => line?.home,
  );

export async function entry(store: Store, id: EntryId): Promise<Entry | undefined> {
  const line = await settledLine(store, id);
  const row = line?.rows.at(-1);
  if (line === undefined || row === undefined) return undefined;
  const home = toHome(line.home);
  return toEntry(row, home.id, folderVersions(home));
}

/** Told of what a look has shown, so that a change that follows need not look again. */
export type Seen = (line: Line, below: readonly Row[], missing: readonly string[]) => void;

export async function resolve(
  store: Store,
  from: EntryId,
  names: readonly string[],
  seen: Seen,
): Promise<Resolved | undefined> {
  const { line, below } = await wholly(
    store,
    () => wayFrom(store, from, names),
    (way) => way.line?.home,
  );
  if (line === undefined) return undefined;
  const home = toHome(line.home);
  const version = folderVersions(home);
  const isFile = line.rows.at(-1)?.kind === 'file';
  const found = isFile ? [] : below;
  const missing = names.slice(found.length);
  const rows = [...line.rows, ...found];
  store.homes.learn(home.id, rows);
  seen(line, found, missing);
  return { chain: rows.map((row) => toEntry(row, home.id, version)), missing };
}

const firstPage = 64;
const nextPage = 512;

interface Listing {
  readonly line: Line | undefined;
  readonly folders: Rows<FolderDoc>;
  readonly items: Rows<ItemDoc>;
}

/** The way to a folder, and the beginning of what is in it, all at once. */
async function listing(store: Store, parent: EntryId, after: string): Promise<Listing> {
  const _id = objectId(parent);
  const named = { name: { $gt: after } };
  const options = { projection: rowFields, sort: { name: 1 } as const, batchSize: nextPage };
  const { folder, item } = store.all;
  const folders = new Rows(folder.find({ parentId: _id, ...named }, options), folderRow);
  const items = new Rows(item.find({ folderId: _id, ...named }, options), (doc) =>
    itemRow(doc, filesIn(doc)),
  );
  items.complete = (docs) => withFiles(store, docs);
  const [line] = await Promise.all([lineTo(store, parent), folders.fill(), items.fill()]);
  return { line, folders, items };
}

export async function* children(store: Store, parent: EntryId, after = ''): AsyncIterable<readonly Entry[]> {
  const opened: Listing[] = [];
  const look = async () => {
    const found = await listing(store, parent, after);
    opened.push(found);
    return found;
  };
  try {
    const { line, folders, items } = await wholly(store, look, (found) => found.line?.home);
    const top = line?.rows.at(-1);
    if (line === undefined || top?.kind !== 'folder') return;
    const home = toHome(line.home);
    const version = folderVersions(home);
    if (top.foreign === true) {
      const rows = await members(store, parent, after);
      if (rows.length > 0) yield rows.map((row) => toEntry(row, home.id, version));
      return;
    }
    for (let limit = firstPage; ; limit = nextPage) {
      const rows = await merged(folders, items, limit);
      store.homes.learn(home.id, rows);
      if (rows.length > 0) yield rows.map((row) => toEntry(row, home.id, version));
      if (rows.length < limit) return;
    }
  } finally {
    await Promise.all(opened.flatMap(({ folders, items }) => [folders.close(), items.close()]));
  }
}

type WithFiles = ItemDoc & { readonly files?: readonly FileDoc[] };
const filesIn = (doc: ItemDoc) => (doc as WithFiles).files ?? [];

/** Items that Girder made do not say what their files are: one look for all of a batch. */
async function withFiles(store: Store, docs: readonly ItemDoc[]): Promise<readonly ItemDoc[]> {
  const strange = docs.filter((doc) => doc.hearth?.version === undefined);
  if (strange.length === 0) return docs;
  const found = await read('catalog.read', () =>
    store.all.file.find({ itemId: { $in: strange.map((doc) => doc._id) } }).toArray(),
  );
  const byItem = Map.groupBy(found, (file) => file.itemId?.toHexString());
  return docs.map((doc) => ({ ...doc, files: byItem.get(doc._id.toHexString()) ?? [] }));
}

async function members(store: Store, item: EntryId, after: string): Promise<readonly Row[]> {
  const files = await read('catalog.read', () =>
    store.all.file
      .find({ itemId: objectId(item), name: { $gt: after } })
      .sort({ name: 1 })
      .toArray(),
  );
  return files.map(memberRow);
}

/** A cursor whose next row can be looked at. */
class Rows<T extends Document> {
  private rows: readonly Row[] = [];
  private at = 0;
  private over = false;
  complete: (docs: readonly T[]) => Promise<readonly T[]> = async (docs) => docs;
  private readonly cursor: FindCursor<T>;
  private readonly toRow: (doc: T) => Row;

  constructor(cursor: FindCursor<T>, toRow: (doc: T) => Row) {
    this.cursor = cursor;
    this.toRow = toRow;
  }

  /** Takes in what one answer of the server has. */
  async fill(): Promise<void> {
    if (this.at < this.rows.length || this.over) return;
    try {
      const first = await this.cursor.next();
      const docs = first === null ? [] : [first, ...this.cursor.readBufferedDocuments()];
      this.over = docs.length === 0;
      this.rows = (await this.complete(docs as T[])).map(this.toRow);
      this.at = 0;
    } catch (error) {
      throw asStoreError(error, 'catalog.children');
    }
  }

  get head(): Row | undefined {
    return this.rows[this.at];
  }

  take(): Row | undefined {
    return this.rows[this.at++];
  }

  close(): Promise<void> {
    return this.cursor.close();
  }
}

const before = (a: Row, b: Row) => Buffer.compare(Buffer.from(a.stored), Buffer.from(b.stored)) <= 0;

async function merged(
  folders: Rows<FolderDoc>,
  items: Rows<ItemDoc>,
  limit: number,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  while (rows.length < limit) {
    if (folders.head === undefined) await folders.fill();
    if (items.head === undefined) await items.fill();
    const [folder, item] = [folders.head, items.head];
    if (folder === undefined && item === undefined) break;
    const next = item === undefined || (folder !== undefined && before(folder, item)) ? folders : items;
    const row = next.take();
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

export async function body(store: Store, ref: BlobRef): Promise<Uint8Array | undefined> {
  const found = await read('catalog.body', () => store.all.body.findOne({ _id: ref }));
  return found === null ? undefined : bytesOf(found.body);
}

/** The driver wraps bytes in a Binary. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const { buffer, position } = value as { buffer: Uint8Array; position: number };
  return buffer.subarray(0, position);
}

type Laid = ItemDoc & {
  readonly files: readonly FileDoc[];
  readonly bodies?: readonly { readonly body: unknown }[];
};

/** An item with its file, and the bytes where they wait in the catalog. */
export const laidOut: readonly Document[] = [
  { $lookup: { from: nameOf('file'), localField: '_id', foreignField: 'itemId', as: 'files' } },
  { $lookup: { from: nameOf('body'), localField: 'files.sha512', foreignField: '_id', as: 'bodies' } },
];

export function layoutOf(doc: Laid): Layout | undefined {
  const row = itemRow(doc, doc.files);
  const [file] = doc.files;
  if (row.kind === 'folder' || file === undefined) return undefined;
  return { version: row.version, size: row.size, extents: extentsOf(file), ...waiting(doc, row.size) };
}

function waiting({ bodies = [] }: Laid, size: number): { readonly body?: Uint8Array } {
  const [found] = bodies;
  return found === undefined || size === 0 ? {} : { body: bytesOf(found.body).subarray(0, size) };
}

/** The content of an item that can be reached, in one question. */
export async function layout(store: Store, id: EntryId): Promise<Layout | undefined> {
  if (!/^[0-9a-f]{24}$/.test(id)) return undefined;
  const _id = objectId(id);
  const [found] = await wholly(
    store,
    () =>
      read('catalog.layout', () =>
        store.all.item
          .aggregate<Laid & Upward>([{ $match: { _id } }, ...laidOut, ...upward('$folderId')] as Document[])
          .toArray(),
      ),
    ([one]) => one?.homes[0],
  );
  if (found === undefined) return layoutOfMember(store, id);
  return lineOf(found, itemRow(found, found.files)) === undefined ? undefined : layoutOf(found);
}

async function layoutOfMember(store: Store, id: EntryId): Promise<Layout | undefined> {
  const [line, member] = await Promise.all([
    settledLine(store, id),
    read('catalog.layout', () => store.all.file.findOne({ _id: objectId(id) })),
  ]);
  if (line === undefined || member === null) return undefined;
  const { version, size } = memberRow(member);
  return { version, size, extents: extentsOf(member) };
}
