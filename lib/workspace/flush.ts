import type { BlobStore, Catalog } from '../core/contracts.ts';

export interface FlushOptions {
  /** Bodies in one go. */
  readonly limit: number;
  /** Others need the machine: few and small bodies go on waiting. */
  readonly busy?: boolean;
}

/** While the machine is needed, this many bodies of at most this size on average (256 MiB) may go on waiting. */
const backlogMax = 65_536;
const averageMax = 4_096;

/** Bodies that wait in the catalog move to the blob store; the number moved. */
export async function flushBodies(
  catalog: Catalog,
  blobs: BlobStore,
  { limit, busy = false }: FlushOptions,
): Promise<number> {
  const waiting = await catalog.upkeep.waiting(limit);
  if (waiting.length === 0) return 0;
  if (busy && small(waiting) && (await catalog.upkeep.backlog()) < backlogMax) return 0;
  await blobs.putMany(waiting);
  // Only now, when the store has them for good, does the catalog let them go.
  await catalog.upkeep.arrived(waiting.map((one) => one.ref));
  return waiting.length;
}

function small(waiting: readonly { readonly body: Uint8Array }[]): boolean {
  let size = 0;
  for (const { body } of waiting) size += body.length;
  return size <= waiting.length * averageMax;
}
