import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { keyFileName } from '../auth/server-key.ts';
import { StoreError } from '../core/error.ts';
import { catalogFile, readManifest } from './backup.ts';
import { type CopyReport, copyBlobs } from './blob-copy.ts';
import { objectIds } from './ids.ts';
import { localPath, openBlobs, openCatalog } from './registry.ts';
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
  const target = localPath(config.catalog);
  if (target === undefined) {
    throw new StoreError('unsupported', { message: 'A backup can be restored to a sqlite: catalog only.' });
  }
  await refuseNonEmpty(config.data);
  if (existsSync(target)) throw occupied(target);
  for (const folder of [config.data, dirname(target)]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(config.data, marker), `${from}\n`);
  await copyKey(join(from, keyFileName), join(config.data, keyFileName));
  const next = `${target}.next`;
  await copyFile(join(from, catalogFile), next);
  const report = await copyAll(config, next, join(from, 'blobs'), onProgress);
  await rename(`${next}.renewed`, target);
  await rm(next);
  await rm(join(config.data, marker));
  return report;
}

async function copyAll(
  config: Config,
  catalogPath: string,
  blobsPath: string,
  onProgress: (report: CopyReport) => void,
): Promise<CopyReport> {
  const context = { clock: Date.now, ids: objectIds() };
  const catalog = await openCatalog(`sqlite:${catalogPath}`, context);
  try {
    const source = await openBlobs(`file:${blobsPath}`, context);
    const blobs = await openBlobs(config.blobs, context);
    try {
      const report = await copyBlobs(catalog, source, blobs, onProgress);
      // A copy by the catalog itself begins a new epoch: no client takes its folders for those it knew.
      await rm(`${catalogPath}.renewed`, { force: true });
      await catalog.upkeep.backup(`${catalogPath}.renewed`);
      return report;
    } finally {
      await source.close();
      await blobs.close();
    }
  } finally {
    await catalog.close();
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
