import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { keyFileName } from '../auth/server-key.ts';
import { StoreError } from '../core/error.ts';
import { readManifest } from './backup.ts';
import { type CopyReport, copyBlobs } from './blob-copy.ts';
import { type Contents, copiesOf } from './catalog-copies.ts';
import { objectIds } from './ids.ts';
import { localPath, openBlobs, type StoreContext } from './registry.ts';
import type { Config } from './schema.ts';

/** Lies in the data folder until all is there, so that an interrupted restore can be run again. */
const marker = 'restore.incomplete';

/** The catalog is put in place last: until then there is no installation that could be served. */
export async function restore(
  config: Config,
  dir: string,
  onProgress: (report: CopyReport) => void,
): Promise<CopyReport> {
  const from = resolve(dir);
  await readManifest(from);
  const copies = copiesOf(config.catalog);
  const catalog = join(from, copies.file);
  if (!existsSync(catalog)) {
    const message = `${from} holds no ${copies.file}: it was made of another kind of catalog than ${config.catalog.slice(0, config.catalog.indexOf(':'))}.`;
    throw new StoreError('unsupported', { message });
  }
  await refuseNonEmpty(config.data);
  const local = localPath(config.catalog);
  if (local !== undefined && existsSync(local)) throw occupied(local);
  const folders = [config.data, ...(local === undefined ? [] : [dirname(local)])];
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(config.data, marker), `${from}\n`);
  await copyKey(join(from, keyFileName), join(config.data, keyFileName));
  const context = { clock: Date.now, ids: objectIds(), blobs: config.blobs };
  // A copy: looking into a catalog may write beside it, and the backup stays as it is.
  const copy = join(config.data, `restore.${copies.file}`);
  await removeCopy(copy);
  await copyFile(catalog, copy);
  const how = { blobs: join(from, 'blobs'), context, onProgress };
  const report = await copyAll(config, await copies.contents(copy, context), how);
  await copies.restore(copy, config.catalog, context);
  await removeCopy(copy);
  await rm(join(config.data, marker));
  return report;
}

async function removeCopy(path: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true });
}

interface How {
  readonly blobs: string;
  readonly context: StoreContext;
  readonly onProgress: (report: CopyReport) => void;
}

async function copyAll(config: Config, contents: Contents, how: How): Promise<CopyReport> {
  try {
    const source = await openBlobs(`file:${how.blobs}`, how.context);
    const blobs = await openBlobs(config.blobs, how.context);
    try {
      return await copyBlobs(contents, source, blobs, how.onProgress);
    } finally {
      await source.close();
      await blobs.close();
    }
  } finally {
    await contents.close();
  }
}

async function refuseNonEmpty(folder: string): Promise<void> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  if (names.length > 0 && !names.includes(marker)) throw occupied(folder);
}

function occupied(path: string): StoreError {
  const message = `${path} is in use; a backup is restored into a new data folder only (--data DIR).`;
  return new StoreError('exists', { message });
}

/** An installation with HEARTH_SECRET has no key file: whoever restores sets the same secret. */
async function copyKey(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await copyFile(from, to);
  await chmod(to, 0o600);
}
