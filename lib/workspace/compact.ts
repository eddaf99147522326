import type { BlobStore, Catalog } from '../core/contracts.ts';
import { isStoreError } from '../core/error.ts';
import type { EntryId } from '../core/values.ts';
import { contentOf } from './read.ts';

/** Makes files of many extents one content-addressed blob again; the number made whole. */
export async function compactFiles(
  catalog: Catalog,
  blobs: BlobStore,
  options: { readonly extents: number; readonly before: number; readonly limit: number },
): Promise<number> {
  let done = 0;
  for (const id of await catalog.upkeep.fragmented(options.extents, options.before, options.limit)) {
    if (await compactFile(catalog, blobs, id)) done += 1;
  }
  return done;
}

async function compactFile(catalog: Catalog, blobs: BlobStore, id: EntryId): Promise<boolean> {
  const layout = await catalog.layout(id);
  if (layout === undefined) return false;
  const stage = await blobs.stage();
  try {
    await stage.append(contentOf({ catalog, blobs }, layout));
    const blob = await stage.commit('durable');
    await catalog.compact(id, layout.version, [{ ref: blob.ref, offset: 0, length: blob.size }]);
    return true;
  } catch (error) {
    await stage.abort();
    // Changed or gone meanwhile: the next round sees what it is then.
    if (isStoreError(error, 'conflict', 'not-found')) return false;
    throw error;
  }
}
