import type { BlobStore, Catalog } from '../core/contracts.ts';

/** Bodies that wait in the catalog move to the blob store, at most `limit` in one go; the number moved. */
export async function flushBodies(catalog: Catalog, blobs: BlobStore, limit: number): Promise<number> {
  const waiting = await catalog.upkeep.waiting(limit);
  if (waiting.length === 0) return 0;
  await blobs.putMany(waiting);
  // Only now, when the store has them for good, does the catalog let them go.
  await catalog.upkeep.arrived(waiting.map((one) => one.ref));
  return waiting.length;
}
