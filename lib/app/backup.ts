import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { keyFileName } from '../auth/server-key.ts';
import { StoreError } from '../core/error.ts';
import { type CopyReport, copyBlobs } from './blob-copy.ts';
import { type CatalogCopies, copiesOf } from './catalog-copies.ts';
import type { House } from './compose.ts';
import { keepingBytes } from './maintenance.ts';
import { openBlobs } from './registry.ts';

/** What a backup folder holds beside `blobs/` and the key. */
export const manifestFile = 'backup.json';

export interface Manifest {
  readonly format: 1;
  readonly made: string;
  readonly files: number;
}

export interface BackupReport extends CopyReport {
  readonly folder: string;
}

/**
 * The catalog as it is at one moment, then the bytes that it names. The catalog is put in place last, so that a
 * backup that is cut off leaves the earlier one good: its bytes are all still there, for none is ever removed.
 */
export async function backup(
  house: House,
  dir: string,
  onProgress: (report: CopyReport) => void,
): Promise<BackupReport> {
  const folder = resolve(dir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const copies = copiesOf(house.config.catalog);
  const next = join(folder, `${copies.file}.next`);
  await removeCatalog(next);
  const report = await keepingBytes(house, async () => {
    await house.catalog.upkeep.backup(next);
    await chmod(next, 0o600);
    return copyAll(house, copies, next, { folder, onProgress });
  });
  await copyKey(house, folder);
  await rename(next, join(folder, copies.file));
  const manifest: Manifest = { format: 1, made: new Date(house.clock()).toISOString(), files: report.files };
  await replaceFile(join(folder, manifestFile), `${JSON.stringify(manifest)}\n`);
  return { ...report, folder };
}

interface Where {
  readonly folder: string;
  readonly onProgress: (report: CopyReport) => void;
}

async function copyAll(
  house: House,
  copies: CatalogCopies,
  file: string,
  { folder, onProgress }: Where,
): Promise<CopyReport> {
  const { clock, ids } = house;
  const contents = await copies.contents(file, { clock, ids });
  try {
    const target = await openBlobs(`file:${join(folder, 'blobs')}`, { clock, ids });
    try {
      return await copyBlobs(contents, house.blobs, target, onProgress);
    } finally {
      await target.close();
    }
  } finally {
    await contents.close();
  }
}

async function copyKey(house: House, folder: string): Promise<void> {
  try {
    const key = await readFile(join(house.config.data, keyFileName), 'utf8');
    await replaceFile(join(folder, keyFileName), key);
  } catch (error) {
    // With HEARTH_SECRET there is no file: whoever restores sets the same secret.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const aside = `${file}.next`;
  await writeFile(aside, text, { mode: 0o600, flush: true });
  await rename(aside, file);
}

async function removeCatalog(file: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
}

/** The manifest, or what is wrong with the folder. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestFile);
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
    if (manifest.format === 1) return manifest;
  } catch (cause) {
    const message = `${folder} holds no finished backup: ${manifestFile} is missing or damaged.`;
    throw new StoreError('invalid', { message, cause });
  }
  throw new StoreError('unsupported', {
    message: `${folder} was made by a newer Hearth; restore with that one.`,
  });
}
