import type { BlobStore, Catalog } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { BlobRef, Entry, EntryId, Layout } from '../core/values.ts';
import { pathOf } from './address.ts';

export interface Problem {
  /** `missing`: no such bytes; `size`: too few for what the file needs; `hash`: not the bytes that were stored. */
  readonly kind: 'missing' | 'size' | 'hash' | 'layout';
  readonly entry: EntryId;
  readonly home: EntryId;
  /** Where the file is in its home; its name alone when it lies in the trash. */
  readonly path: string;
  readonly ref: BlobRef | null;
  readonly message: string;
}

export interface FsckOptions {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  /** Reads every byte and compares hashes; else sizes only. */
  readonly deep?: boolean;
  readonly onProgress?: (files: number) => void;
}

/** Blobs whose verdict is remembered, since many files may share one. */
const remembered = 10_000;

/** Holds every file of the catalog against the blob store. Reads only; at most a page of files in memory. */
export async function* check(options: FsckOptions): AsyncIterable<Problem> {
  const verdicts = new Map<string, Problem['kind'] | 'good'>();
  let files = 0;
  for await (const page of options.catalog.upkeep.layouts()) {
    for (const { entry, layout } of page) {
      yield* checkFile(options, entry, layout, verdicts);
      files += 1;
    }
    options.onProgress?.(files);
  }
}

async function* checkFile(
  options: FsckOptions,
  entry: Entry,
  layout: Layout,
  verdicts: Map<string, Problem['kind'] | 'good'>,
): AsyncIterable<Problem> {
  const total = layout.extents.reduce((sum, extent) => sum + extent.length, 0);
  if (total !== layout.size) {
    const message = `its parts have ${total} bytes, its size says ${layout.size}`;
    yield await problem(options, entry, 'layout', null, message);
  }
  for (const { ref, offset, length } of layout.extents) {
    if (ref === null) continue;
    const key = `${ref} ${offset + length}`;
    const verdict = verdicts.get(key) ?? (await judge(options, ref, offset + length));
    if (verdicts.size >= remembered) verdicts.clear();
    verdicts.set(key, verdict);
    if (verdict !== 'good') yield await problem(options, entry, verdict, ref, advice[verdict]);
  }
}

const advice = {
  missing: 'its bytes are not in the store; restore them from a backup, or remove the file',
  size: 'its bytes are cut short in the store; restore them from a backup, or write the file again',
  hash: 'its bytes are damaged in the store; restore them from a backup, or write the file again',
  layout: 'its parts do not add up; write the file again',
} as const;

async function judge(options: FsckOptions, ref: BlobRef, end: number): Promise<Problem['kind'] | 'good'> {
  const { catalog, blobs } = options;
  const waiting = await catalog.body(ref);
  if (waiting !== undefined) return waiting.length >= end ? verifyWaiting(options, ref, waiting) : 'size';
  try {
    if (options.deep === true && !(await blobs.verify(ref))) return 'hash';
    const last = await blobs.open(ref, { offset: end - 1, length: 1 });
    if (!(last instanceof Uint8Array)) for await (const _ of last) break;
    return 'good';
  } catch (error) {
    if (isStoreError(error, 'not-found')) return 'missing';
    if (isStoreError(error, 'invalid', 'internal')) return 'size';
    throw new StoreError('unavailable', {
      op: 'fsck',
      message: 'The blob store does not answer.',
      cause: error,
    });
  }
}

function verifyWaiting(options: FsckOptions, ref: BlobRef, body: Uint8Array): 'good' | 'hash' {
  return options.blobs.refOf(body) === ref ? 'good' : 'hash';
}

async function problem(
  options: FsckOptions,
  entry: Entry,
  kind: Problem['kind'],
  ref: BlobRef | null,
  what: string,
): Promise<Problem> {
  const chain = (await options.catalog.resolve(entry.id, []))?.chain;
  const path = chain === undefined ? `${entry.name} (in the trash)` : formatPath(pathOf(chain));
  return { kind, entry: entry.id, home: entry.home, path, ref, message: `${path}: ${what}.` };
}
