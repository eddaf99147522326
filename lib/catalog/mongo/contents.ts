import type { Document } from 'mongodb';
import { StoreError } from '../../core/error.ts';
import type { EntryId, Extent } from '../../core/values.ts';
import { type ExtentDoc, type FileDoc, long, objectId, pathOfBlob } from './documents.ts';
import type { Row } from './rows.ts';
import { read, type Store } from './store.ts';
import type { View } from './view.ts';

/** The digest of no bytes: Girder's empty files have it, too. */
const nothing =
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e';

/** The blob that a content is; null where it has several pieces, or begins within a blob. */
function wholeOf(size: number, extents: readonly Extent[]): string | null {
  if (size === 0) return nothing;
  const [first] = extents;
  return extents.length === 1 && first?.offset === 0 ? first.ref : null;
}

export interface ContentFields {
  readonly assetstoreId: Document | null;
  readonly sha512: string | null;
  readonly path: string | null;
  readonly hearth?: { readonly extents: readonly ExtentDoc[] };
}

export const extentDocs = (extents: readonly (Extent | ExtentDoc)[]): readonly ExtentDoc[] =>
  extents.map(({ ref, offset, length }) => ({
    ref,
    offset: long(Number(offset)),
    length: long(Number(length)),
  }));

/** What a `file` document says of its bytes. */
export function contentOf(store: Store, size: number, extents: readonly Extent[]): ContentFields {
  const assetstoreId = store.assetstore === null ? null : objectId(store.assetstore);
  const sha512 = wholeOf(size, extents);
  if (sha512 !== null) return { assetstoreId, sha512, path: pathOfBlob(sha512) };
  return { assetstoreId, sha512: null, path: null, hearth: { extents: extentDocs(extents) } };
}

/** Girder writes a hash where it has written a content: then pieces that are noted beside it are of an older one. */
export function extentsOf(file: FileDoc): readonly Extent[] {
  const own = file.sha512 === null ? file.hearth?.extents : undefined;
  if (own !== undefined) {
    return own.map(({ ref, offset, length }) => ({ ref, offset: Number(offset), length: Number(length) }));
  }
  const length = Number(file.size);
  return length === 0 ? [] : [{ ref: file.sha512, offset: 0, length }];
}

export interface OldContent {
  readonly extents: readonly Extent[];
  /** Documents that keep the blobs of pieces. */
  readonly pins: readonly FileDoc[];
}

/** What a file is made of, as the database has it. */
export async function existingContent(view: View, { id }: Pick<Row, 'id'>): Promise<OldContent> {
  view.mustBeFirst();
  const { file } = view.store.all;
  const _id = objectId(id);
  const [found, pins] = await Promise.all([
    read('catalog.layout', () => file.findOne({ itemId: _id })),
    read('catalog.layout', () => file.find({ attachedToId: _id }).toArray()),
  ]);
  if (found === null)
    throw new StoreError('internal', { op: 'catalog.layout', message: 'A file has lost its content.' });
  return { extents: extentsOf(found), pins };
}

/**
 * Hazard 5: Girder deletes a blob when the last `file` document with its hash goes, so that every blob that a piece
 * lies in has such a document of its own: attached to the item, and in no listing.
 */
export function pinWrites(
  view: View,
  row: Pick<Row, 'id' | 'size' | 'creator' | 'changed'>,
  extents: readonly Extent[],
  had: readonly FileDoc[],
): void {
  const refs = new Set<string>();
  if (wholeOf(row.size, extents) === null) for (const { ref } of extents) if (ref !== null) refs.add(ref);
  for (const pin of had) {
    if (pin.sha512 !== null && refs.delete(pin.sha512)) continue;
    view.writes.push({ on: 'file', id: pin._id, remove: true });
  }
  for (const ref of refs) view.writes.push({ on: 'file', ...pinOf(view.store, row, ref) });
}

export function pinOf(
  store: Store,
  row: { readonly id: EntryId; readonly creator: string; readonly changed: number },
  ref: string,
) {
  const insert = {
    ...{ name: 'piece', exts: [], mimeType: null, size: long(0), itemId: null },
    ...{ attachedToType: 'item', attachedToId: objectId(row.id) },
    ...{ creatorId: row.creator === '' ? null : objectId(row.creator), created: new Date(row.changed) },
    ...{ assetstoreId: store.assetstore === null ? null : objectId(store.assetstore) },
    ...{ sha512: ref, path: pathOfBlob(ref) },
  };
  return { id: objectId(store.ids()), insert };
}
