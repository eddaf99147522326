import { rename, rm } from 'node:fs/promises';
import type { Catalog } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Layout } from '../core/values.ts';
import { localPath, openCatalog, type StoreContext } from './registry.ts';

/** As much of a catalog as tells which bytes belong to it. */
export interface Contents {
  readonly upkeep: {
    layouts(): AsyncIterable<readonly { readonly layout: Pick<Layout, 'extents'> }[]>;
  };
  body: Catalog['body'];
  close(): Promise<void>;
}

/** How the catalog of one kind lies in a backup, which `upkeep.backup` of its kind wrote. */
export interface CatalogCopies {
  /** Name of the file in the folder of the backup. */
  readonly file: string;
  contents(path: string, context: StoreContext): Promise<Contents>;
  /** Makes the catalog from a file that may be written to. */
  restore(path: string, url: string, context: StoreContext): Promise<void>;
}

const sqlite: CatalogCopies = {
  file: 'catalog.sqlite',
  contents: (path, context) => openCatalog(`sqlite:${path}`, context),
  restore: async (path, url, context) => {
    const target = localPath(url) ?? '';
    const renewed = `${target}.renewed`;
    const catalog = await openCatalog(`sqlite:${path}`, context);
    try {
      // A copy by the catalog itself begins a new epoch: no client takes its folders for those it knew.
      await rm(renewed, { force: true });
      await catalog.upkeep.backup(renewed);
    } finally {
      await catalog.close();
    }
    await rename(renewed, target);
  },
};

const mongodb: CatalogCopies = {
  file: 'catalog.bson',
  contents: async (path) => {
    const { dumpedContents } = await import('../catalog/mongo/load.ts');
    return dumpedContents(path);
  },
  restore: async (path, url, { clock, ids, blobs }) => {
    const { restoreMongo } = await import('../catalog/mongo.ts');
    const root = blobs === undefined ? undefined : localPath(blobs);
    await restoreMongo({ url, clock, ids, ...(root === undefined ? {} : { assetstore: { root } }) }, path);
  },
};

const kinds: Readonly<Record<string, CatalogCopies>> = { sqlite, mongodb, 'mongodb+srv': mongodb };

export function copiesOf(url: string): CatalogCopies {
  const found = kinds[url.slice(0, url.indexOf(':'))];
  if (found !== undefined) return found;
  throw new StoreError('unsupported', { message: 'Catalogs of this kind are backed up by their own tools.' });
}
