import { createHash, hash } from 'node:crypto';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import type { WriteOptions } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { Path } from '../core/path.ts';
import type { Body, Entry } from '../core/values.ts';
import { versionOf } from '../workspace/bytes.ts';
import type { ImportOptions } from './import-options.ts';

export type Outcome = { readonly kind: 'written'; readonly size: number } | { readonly kind: 'skipped' };

const skipped: Outcome = { kind: 'skipped' };
const linkType = 'inode/symlink';
const executable = 0o111;

type Options = Pick<ImportOptions, 'workspace' | 'replace' | 'dryRun'>;

/** One file: read once, hashed on the way, and held against what the workspace says it stored. */
export async function importFile(options: Options, from: string, to: Path): Promise<Outcome> {
  const handle = await open(from, 'r');
  try {
    const before = await handle.stat();
    const attributes = {
      modified: Math.trunc(before.mtimeMs),
      ...((before.mode & executable) === 0 ? {} : { mode: before.mode & 0o777 }),
    };
    const there = await existing(options, to);
    if (there !== undefined) {
      const same = there.size === before.size && (await sameContent(options, there, to, handle));
      if (same) return await refresh(options, there, to, attributes);
      mayReplace(options);
    }
    if (options.dryRun) return { kind: 'written', size: before.size };
    const digest = createHash('sha512');
    const body = hashing(handle, digest, before.mtimeMs);
    const expect = there?.version ?? 'absent';
    const given: WriteOptions = { ...attributes, size: before.size, expect, durability: 'durable' };
    const { entry } = await options.workspace.write({ path: to }, body, given);
    if (entry.version !== versionOf(digest.digest('hex'))) {
      throw new StoreError('internal', { message: `${from} came out with other bytes than were read` });
    }
    return { kind: 'written', size: entry.size };
  } finally {
    await handle.close();
  }
}

/** A symbolic link is a small file that holds its target. */
export async function importLink(options: Options, from: string, to: Path): Promise<Outcome> {
  const target = Buffer.from(await readlink(from, { encoding: 'buffer' }));
  const there = await existing(options, to);
  if (there !== undefined) {
    if (there.mime === linkType && there.version === versionOf(hash('sha512', target))) return skipped;
    mayReplace(options);
  }
  if (options.dryRun) return { kind: 'written', size: target.length };
  const expect = there?.version ?? 'absent';
  const given: WriteOptions = { mime: linkType, size: target.length, expect, durability: 'durable' };
  const { entry } = await options.workspace.write({ path: to }, target, given);
  return { kind: 'written', size: entry.size };
}

async function existing(options: Options, path: Path): Promise<Entry | undefined> {
  try {
    const entry = await options.workspace.stat({ path });
    if (entry.kind === 'file') return entry;
    throw new StoreError('is-folder', { message: 'is a folder in the home; move it away and run again' });
  } catch (error) {
    if (isStoreError(error, 'not-found')) return undefined;
    throw error;
  }
}

function mayReplace(options: Options): void {
  if (options.replace) return;
  const message = 'differs from the file in the home, which was kept; --replace writes over it';
  throw new StoreError('exists', { message });
}

/** A file that was written whole is named by its hash; one that was patched must be read. */
async function sameContent(options: Options, there: Entry, path: Path, handle: FileHandle): Promise<boolean> {
  const digest = createHash('sha512');
  for await (const chunk of chunksOf(handle)) digest.update(chunk);
  const version = versionOf(digest.digest('hex'));
  if (there.version === version) return true;
  if (!there.version.startsWith('p')) return false;
  const stored = createHash('sha512');
  const { body } = await options.workspace.read({ path });
  for await (const chunk of inChunks(body)) stored.update(chunk);
  return versionOf(stored.digest('hex')) === version;
}

async function* inChunks(body: Body): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

/** The same bytes: only time and mode may have to follow. */
async function refresh(
  options: Options,
  there: Entry,
  path: Path,
  attributes: { readonly modified: number; readonly mode?: number },
): Promise<Outcome> {
  const mode = attributes.mode ?? there.mode;
  const equal = there.modified === attributes.modified && there.mode === mode;
  if (!equal && !options.dryRun) await options.workspace.annotate({ path }, attributes);
  return skipped;
}

/** Fails at its end, before anything is published, when the file changed while it was read. */
async function* hashing(
  handle: FileHandle,
  digest: ReturnType<typeof createHash>,
  modified: number,
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunksOf(handle)) {
    digest.update(chunk);
    yield chunk;
  }
  if ((await handle.stat()).mtimeMs === modified) return;
  throw new StoreError('conflict', { message: 'changed while it was read; run the import again' });
}

const chunkSize = 256 * 1024;

async function* chunksOf(handle: FileHandle): AsyncIterable<Uint8Array> {
  const buffer = Buffer.allocUnsafe(chunkSize);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, chunkSize, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
