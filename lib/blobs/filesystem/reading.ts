import { type FileHandle, open, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStoreError, StoreError } from '../../core/error.ts';
import type { BlobRef, Body, ByteRange } from '../../core/values.ts';
import { absent, condemnedOf, guarded, pathOf } from './files.ts';

/** Contents up to this size are read in one piece, and kept. */
export const smallMost = 65_536;
const chunkSize = 524_288;

/** Least recently used first; a blob never changes, so what is kept is never wrong. */
export class SmallBlobs {
  private readonly kept = new Map<BlobRef, Uint8Array>();
  private bytes = 0;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  get(ref: BlobRef): Uint8Array | undefined {
    const found = this.kept.get(ref);
    if (found === undefined) return undefined;
    this.kept.delete(ref);
    this.kept.set(ref, found);
    return found;
  }

  put(ref: BlobRef, bytes: Uint8Array): void {
    if (bytes.length > smallMost || this.kept.has(ref)) return;
    this.kept.set(ref, bytes);
    this.bytes += bytes.length;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= this.most) return;
      this.drop(oldest, old);
    }
  }

  drop(ref: BlobRef, bytes = this.kept.get(ref)): void {
    if (bytes !== undefined && this.kept.delete(ref)) this.bytes -= bytes.length;
  }
}

/** A collector has a blob's name away for a moment, or died there: put it back, look again, a few times. */
const attempts = 3;
const pause = 5;

async function openFile(root: string, ref: BlobRef): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await guarded('open', () => open(pathOf(root, ref), 'r'));
    } catch (error) {
      if (attempt === attempts || !isStoreError(error, 'not-found')) throw error;
      await guarded('open', () => rename(condemnedOf(root, ref), pathOf(root, ref)).catch(absent));
      await sleep(pause);
    }
  }
}

const short = (ref: BlobRef): StoreError =>
  new StoreError('internal', {
    op: 'blobs.open',
    path: ref,
    message: 'The stored bytes are cut short; run `hearth fsck`, and restore them from a backup.',
  });

export async function openBlob(
  root: string,
  small: SmallBlobs,
  ref: BlobRef,
  range?: ByteRange,
): Promise<Body> {
  const offset = range?.offset ?? 0;
  const kept = small.get(ref);
  if (kept !== undefined) {
    if (offset + (range?.length ?? 0) > kept.length) throw short(ref);
    return kept.subarray(offset, range?.length === undefined ? undefined : offset + range.length);
  }
  const handle = await openFile(root, ref);
  try {
    const { size } = await handle.stat();
    const length = range?.length ?? size - offset;
    if (length < 0 || offset + length > size) throw short(ref);
    if (size <= smallMost) {
      const all = await readWhole(handle, ref, 0, size);
      small.put(ref, all);
      await handle.close();
      return all.subarray(offset, offset + length);
    }
    if (length <= smallMost) {
      const part = await readWhole(handle, ref, offset, length);
      await handle.close();
      return part;
    }
    return chunks(handle, ref, offset, length);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readWhole(
  handle: FileHandle,
  ref: BlobRef,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await guarded('read', () =>
      handle.read(buffer, done, length - done, offset + done),
    );
    if (bytesRead === 0) throw short(ref);
    done += bytesRead;
  }
  return buffer;
}

/** Pairs of buffers that a download gave back. */
const spare: [Buffer, Buffer][] = [];
const spareMost = 8;

/** One chunk is read ahead while the reader has the one before it; the two buffers take turns. */
async function* chunks(
  handle: FileHandle,
  ref: BlobRef,
  offset: number,
  length: number,
): AsyncIterable<Uint8Array> {
  const buffers = spare.pop() ?? [Buffer.allocUnsafeSlow(chunkSize), Buffer.allocUnsafeSlow(chunkSize)];
  const end = offset + length;
  const fetch = (turn: number, from: number) =>
    from >= end
      ? undefined
      : handle.read(buffers[turn & 1] as Buffer, 0, Math.min(chunkSize, end - from), from);
  let ahead: ReturnType<typeof fetch>;
  try {
    let at = offset;
    ahead = fetch(0, at);
    for (let turn = 0; ahead !== undefined; turn++) {
      const current = ahead;
      const { bytesRead } = await guarded('read', () => current);
      if (bytesRead === 0) throw short(ref);
      at += bytesRead;
      ahead = fetch(turn + 1, at);
      yield (buffers[turn & 1] as Buffer).subarray(0, bytesRead);
    }
  } finally {
    // A read that is under way still writes into its buffer, and needs the file.
    await ahead?.catch(() => undefined);
    await handle.close();
    if (spare.length < spareMost) spare.push(buffers);
  }
}
