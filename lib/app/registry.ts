import { isAbsolute, resolve } from 'node:path';
import type { BlobStore, Catalog, Clock, Ids } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';

export interface StoreContext {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Where the bytes lie that a catalog names; one in Girder's documents says so in them. */
  readonly blobs?: string;
}

type Open<T> = (rest: string, context: StoreContext, url: string) => Promise<T>;

const mongo: Open<Catalog> = async (_rest, { clock, ids, blobs }, url) => {
  const { mongoCatalog } = await import('../catalog/mongo.ts');
  const root = blobs === undefined ? undefined : localPath(blobs);
  return mongoCatalog({ url, clock, ids, ...(root === undefined ? {} : { assetstore: { root } }) });
};

/** A new store is one line here; its module is read only when a URL names it. */
const catalogs: Readonly<Record<string, Open<Catalog>>> = {
  sqlite: async (rest, context) => {
    const { sqliteCatalog } = await import('../catalog/sqlite.ts');
    return sqliteCatalog({ path: pathOf(rest, 'sqlite'), clock: context.clock, ids: context.ids });
  },
  mongodb: mongo,
  'mongodb+srv': mongo,
};

const blobStores: Readonly<Record<string, Open<BlobStore>>> = {
  file: async (rest) => {
    const { filesystemBlobs } = await import('../blobs/filesystem.ts');
    return filesystemBlobs({ root: pathOf(rest, 'file') });
  },
};

export async function openCatalog(url: string, context: StoreContext): Promise<Catalog> {
  return openBy(catalogs, 'catalog', url, context);
}

export async function openBlobs(url: string, context: StoreContext): Promise<BlobStore> {
  return openBy(blobStores, 'blob store', url, context);
}

/** The file or folder of a `sqlite:` or `file:` URL; undefined for stores that are elsewhere. */
export function localPath(url: string): string | undefined {
  const match = /^(sqlite|file):(.+)$/s.exec(url);
  return match === null ? undefined : pathOf(match[2] ?? '', match[1] ?? '');
}

function openBy<T>(
  known: Readonly<Record<string, Open<T>>>,
  what: string,
  url: string,
  context: StoreContext,
) {
  const colon = url.indexOf(':');
  const open =
    colon > 0 && Object.hasOwn(known, url.slice(0, colon)) ? known[url.slice(0, colon)] : undefined;
  if (open === undefined) {
    const names = Object.keys(known).map((scheme) => `${scheme}:…`);
    const message = `${JSON.stringify(colon > 0 ? url.slice(0, colon + 1) : url)} names no ${what} that Hearth knows; it knows ${names.join(', ')}.`;
    throw new StoreError('invalid', { message });
  }
  return open(url.slice(colon + 1), context, url);
}

/** `sqlite:/a/b`, `sqlite:///a/b` and `sqlite:b` (from the folder where the command runs). */
function pathOf(rest: string, scheme: string): string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '') throw new StoreError('invalid', { message: `${scheme}: needs a path after it` });
  return isAbsolute(path) ? path : resolve(path);
}
