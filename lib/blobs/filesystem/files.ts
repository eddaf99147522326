import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ErrorCode, isStoreError, StoreError } from '../../core/error.ts';
import type { BlobRef } from '../../core/values.ts';

/** Girder's assetstore layout. */
export const pathOf = (root: string, ref: BlobRef): string =>
  join(root, ref.slice(0, 2), ref.slice(2, 4), ref);
export const tempOf = (root: string): string => join(root, 'temp');
/** Where the collector holds a blob while it decides; after a crash there, whoever looks for it puts it back. */
export const condemnedOf = (root: string, ref: BlobRef): string => join(root, 'temp', `condemned-${ref}`);

/** Only what was named by a SHA-512 is a blob; other files in the folder are left alone. */
export const isRef = (name: string): boolean => /^[0-9a-f]{128}$/.test(name);

export function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EROFS: 'unavailable',
  EACCES: 'unavailable',
  EPERM: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
};

const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  'no-space': 'The disk that holds the files is full; make room and try again.',
  unavailable: 'The disk that holds the files cannot be used; look into the log.',
  internal: 'The disk that holds the files failed; look into the log.',
};

/** The system's errors, once, into ours; no path of the disk in the message. */
export function asStoreError(error: unknown, op: string): StoreError {
  if (isStoreError(error)) return error;
  const code = codes[(error as NodeJS.ErrnoException).code ?? ''] ?? 'internal';
  const message = advice[code];
  return new StoreError(code, {
    op: `blobs.${op}`,
    cause: error,
    ...(message === undefined ? {} : { message }),
  });
}

export async function guarded<T>(op: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asStoreError(error, op);
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const syncing = new Map<string, { readonly running: Promise<void>; next: Promise<void> | undefined }>();

/** Those who come while a sync of the same folder runs share the one after it, which began after they wrote. */
export function sharedSync(path: string): Promise<void> {
  const now = syncing.get(path);
  if (now === undefined) {
    const running = syncFolder(path).finally(() => {
      if (syncing.get(path)?.running === running) syncing.delete(path);
    });
    syncing.set(path, { running, next: undefined });
    return running;
  }
  now.next ??= now.running
    .catch(() => undefined)
    .then(() => {
      syncing.delete(path);
      return sharedSync(path);
    });
  return now.next;
}

/** Makes the folder of a blob; the names of what was made are durable when it returns. */
async function ensureFolder(root: string, folder: string, durable: boolean): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (!durable || first === undefined) return;
  for (let at = folder; at !== root; at = dirname(at)) await sharedSync(dirname(at));
}

/**
 * Gives a finished file its name. Over one that is there already: by definition the same bytes, so this heals a
 * damaged blob and makes it young, which protects it from a collector that looked before.
 */
export async function publish(root: string, from: string, ref: BlobRef, durable: boolean): Promise<void> {
  const to = pathOf(root, ref);
  await chmod(from, 0o600);
  await ensureFolder(root, dirname(to), durable);
  await rename(from, to);
  if (durable) await sharedSync(dirname(to));
}
