import type { Content } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Address, Body, ByteRange, Entry, Extent, Layout } from '../core/values.ts';
import { limitChain, mayRead } from './access.ts';
import { atRoot, existing, homeName, locate, rootEntry, rootId } from './address.ts';
import type { Context } from './context.ts';

export async function stat(context: Context, at: Address): Promise<Entry> {
  if (atRoot(at)) return rootEntry(context);
  const located = await locate(context, at, 'stat');
  await mayRead(context, located, 'stat');
  return existing(located, 'stat');
}

export async function* list(context: Context, at: Address, after?: string): AsyncIterable<readonly Entry[]> {
  if (atRoot(at)) {
    const home = await stat(context, { path: [homeName as Address['path'][number]] });
    if (after === undefined || after < homeName) yield [{ ...home, parent: rootId }];
    return;
  }
  const located = await locate(context, at, 'list');
  const only = await mayRead(context, located, 'list');
  const folder = existing(located, 'list');
  if (folder.kind !== 'folder')
    throw new StoreError('not-folder', { op: 'list', path: formatPath(located.path) });
  if (only === undefined) {
    yield* context.catalog.children(folder.id, after);
    return;
  }
  const limited = (await limitChain(context))?.find((entry) => entry.id === only.id);
  if (limited !== undefined && (after === undefined || limited.name > after)) yield [limited];
}

const attempts = 4;

/** Bytes of one version, from first to last: never of two. */
export async function read(context: Context, at: Address, range?: ByteRange): Promise<Content> {
  for (let attempt = 1; ; attempt++) {
    const located = await locate(context, at, 'read');
    if ((await mayRead(context, located, 'read')) !== undefined) {
      throw new StoreError('is-folder', { op: 'read', path: formatPath(located.path) });
    }
    const entry = existing(located, 'read');
    const path = formatPath(located.path);
    if (entry.kind === 'folder') throw new StoreError('is-folder', { op: 'read', path });
    const layout = await context.catalog.layout(entry.id);
    try {
      if (layout?.version === entry.version) return { entry, body: await open(context, layout, range, path) };
    } catch (error) {
      // A newer version was published, and the old bytes went, between the two look-ups: look again.
      if (!isStoreError(error, 'not-found')) throw error;
      if (attempt === attempts) {
        const message = `The bytes of ${path} are missing from the store; run \`hearth fsck\`, or restore from a backup.`;
        throw new StoreError('internal', { op: 'read', path, message, cause: error });
      }
      continue;
    }
    if (attempt === attempts) {
      throw new StoreError('unavailable', {
        op: 'read',
        path,
        message: `${path} changes too fast; try again.`,
      });
    }
  }
}

async function open(
  context: Context,
  layout: Layout,
  range: ByteRange | undefined,
  path: string,
): Promise<Body> {
  const offset = range?.offset ?? 0;
  const length = range?.length ?? layout.size - offset;
  if (offset < 0 || length < 0 || offset + length > layout.size) {
    throw new StoreError('invalid', { op: 'read', path, message: 'The range is outside of the content.' });
  }
  if (length === 0) return new Uint8Array(0);
  if (layout.body !== undefined) return layout.body.subarray(offset, offset + length);
  const pieces = cut(layout.extents, offset, length);
  const [first] = pieces;
  if (pieces.length === 1 && first?.ref) return bytesOf(context, first);
  return pieced(context, pieces);
}

/** The part of a list of extents that a range covers. */
export function cut(extents: readonly Extent[], offset: number, length: number): readonly Extent[] {
  const pieces: Extent[] = [];
  let start = 0;
  for (const extent of extents) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + extent.length);
    if (from < to) pieces.push({ ref: extent.ref, offset: extent.offset + from - start, length: to - from });
    start += extent.length;
  }
  return pieces;
}

type Stores = Pick<Context, 'catalog' | 'blobs'>;

/** Bytes of one extent, wherever they are: waiting in the catalog, or in the blob store. */
async function bytesOf(context: Stores, extent: Extent): Promise<Body> {
  const { ref, offset, length } = extent;
  if (ref === null) return holes(length);
  try {
    return await context.blobs.open(ref, { offset, length });
  } catch (error) {
    if (!isStoreError(error, 'not-found')) throw error;
    const waiting = await context.catalog.body(ref);
    if (waiting !== undefined) return waiting.subarray(offset, offset + length);
    // It may have moved from the catalog to the store between the two questions.
    return context.blobs.open(ref, { offset, length });
  }
}

async function* pieced(context: Stores, pieces: readonly Extent[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) {
    const body = await bytesOf(context, piece);
    if (body instanceof Uint8Array) yield body;
    else yield* body;
  }
}

const zeros = new Uint8Array(65_536);

async function* holes(length: number): AsyncIterable<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.length) {
    yield left >= zeros.length ? zeros : zeros.subarray(0, left);
  }
}

/** Every byte of a layout, for compaction and verification. */
export function contentOf(context: Stores, layout: Layout): AsyncIterable<Uint8Array> {
  return pieced(context, layout.extents);
}
