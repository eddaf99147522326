import { spawn } from 'node:child_process';
import { createHash, hash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobInfo, BlobStore } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { BlobRef } from '../core/values.ts';
import { digesters } from './filesystem/digest.ts';
import {
  absent,
  condemnedOf,
  guarded,
  isRef,
  pathOf,
  publish,
  sharedSync,
  tempOf,
} from './filesystem/files.ts';
import { openBlob, SmallBlobs } from './filesystem/reading.ts';
import { openStage } from './filesystem/stage.ts';

export interface FilesystemOptions {
  readonly root: string;
  /** Bytes of small blobs kept in memory; 64 MiB unless told. */
  readonly cache?: number;
}

/** Immutable bytes by their SHA-512, in the layout of Girder's filesystem assetstore. */
export async function filesystemBlobs(options: FilesystemOptions): Promise<BlobStore> {
  const { root } = options;
  const temp = tempOf(root);
  await guarded('init', () => mkdir(temp, { recursive: true, mode: 0o700 }));
  const pool = digesters();
  const small = new SmallBlobs(options.cache ?? 67_108_864);
  const fresh = () => join(temp, randomUUID());

  return {
    stage: async (given = {}) => {
      const resume = given.id !== undefined;
      if (given.id !== undefined && !/^[0-9a-f-]{36}$/.test(given.id)) {
        throw new StoreError('not-found', { op: 'blobs.stage', path: given.id });
      }
      const id = given.id ?? randomUUID();
      return openStage({ root, id, resume, digests: given.digests ?? [], digesters: pool });
    },
    refOf: (bytes) => hash('sha512', bytes),
    putSmall: (bytes, durability) =>
      guarded('put', async () => {
        const ref = hash('sha512', bytes);
        const path = fresh();
        await write(path, bytes, durability === 'durable');
        await publish(root, path, ref, durability === 'durable');
        return { ref, size: bytes.length, checksums: { sha512: ref } };
      }),
    putMany: (bodies) =>
      guarded('put', async () => {
        for (const { ref, body } of bodies) {
          const path = fresh();
          await write(path, body, false);
          await publish(root, path, ref, false);
        }
        if (!(await syncAll(root)))
          await syncEach(
            root,
            bodies.map((one) => one.ref),
          );
      }),
    open: (ref, range) => {
      if (!isRef(ref)) return Promise.reject(new StoreError('not-found', { op: 'blobs.open', path: ref }));
      return openBlob(root, small, ref, range);
    },
    remove: (ref, { youngerThan }) =>
      guarded('remove', async () => {
        small.drop(ref);
        return removeOld(pathOf(root, ref), condemnedOf(root, ref), youngerThan);
      }),
    list: (after) => list(root, after),
    verify: (ref, size) => verify(root, ref, size),
    sync: (refs) => guarded('sync', () => syncEach(root, refs)),
    sweepStages: (before, keep) => sweepStages(temp, before, keep),
    free: async () => {
      const { bavail, bsize } = await guarded('free', () => statfs(root));
      return bavail * bsize;
    },
    close: () => pool.close(),
  };
}

async function write(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  if (!durable) return writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** One sync of the whole file system (coreutils), which costs less than one per file. False where there is none. */
function syncAll(root: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn('sync', ['-f', root], { stdio: 'ignore' });
  child.on('error', () => resolve(false));
  child.on('close', (code) => resolve(code === 0));
  return promise;
}

async function syncEach(root: string, refs: readonly BlobRef[]): Promise<void> {
  const folders = new Set<string>();
  for (const ref of refs) {
    const path = pathOf(root, ref);
    const handle = await open(path, 'r');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
    for (let at = dirname(path); at.length >= root.length; at = dirname(at)) folders.add(at);
  }
  for (const folder of folders) await sharedSync(folder);
}

/**
 * Takes the name away first and then looks at the age: a commit of the same bytes in between either renewed the file
 * that we now hold, and it goes back, or put a new one under the name, which we do not touch.
 */
async function removeOld(path: string, condemned: string, youngerThan: number): Promise<boolean> {
  const old = await stat(path).catch(absent);
  if (old === undefined || old.mtimeMs >= youngerThan) return false;
  try {
    await rename(path, condemned);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if ((await stat(condemned)).mtimeMs >= youngerThan) {
    await rename(condemned, path);
    return false;
  }
  // A reader may have put it back, which says that it is needed.
  return (await unlink(condemned).then(() => true, absent)) ?? false;
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent))?.sort() ?? [];
}

async function* list(root: string, after?: BlobRef): AsyncIterable<readonly BlobInfo[]> {
  const pair = /^[0-9a-f]{2}$/;
  const from = after ?? '';
  for (const a of (await guarded('list', () => names(root))).filter((name) => pair.test(name))) {
    if (a < from.slice(0, 2)) continue;
    for (const b of await guarded('list', () => names(join(root, a)))) {
      if (!pair.test(b) || a + b < from.slice(0, 4)) continue;
      const refs = (await guarded('list', () => names(join(root, a, b)))).filter(
        (ref) => isRef(ref) && ref > from,
      );
      const found = await Promise.all(refs.map((ref) => stat(pathOf(root, ref)).catch(absent)));
      const page = refs.flatMap((ref, n) => {
        const one = found[n];
        return one === undefined ? [] : [{ ref, size: one.size, created: one.mtimeMs }];
      });
      if (page.length > 0) yield page;
    }
  }
}

async function verify(root: string, ref: BlobRef, size?: number): Promise<boolean> {
  const body = await openBlob(root, new SmallBlobs(0), ref).catch((error: unknown) => {
    if (isStoreError(error, 'internal')) return undefined;
    throw error;
  });
  if (body === undefined) return false;
  const digest = createHash('sha512');
  let seen = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    digest.update(chunk);
    seen += chunk.length;
  }
  return digest.digest('hex') === ref && (size === undefined || size === seen);
}

async function sweepStages(temp: string, before: number, keep: ReadonlySet<string>): Promise<number> {
  let swept = 0;
  for (const name of await guarded('sweep', () => names(temp))) {
    if (keep.has(name) || name.startsWith('condemned-')) continue;
    const one = await stat(join(temp, name)).catch(absent);
    if (one === undefined || one.mtimeMs >= before) continue;
    await rm(join(temp, name), { force: true });
    swept += 1;
  }
  return swept;
}
