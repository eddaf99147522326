import type { BlobStore, Catalog, Clock, Ids } from '../core/contracts.ts';
import type { Durability, Principal } from '../core/values.ts';

/** What the rules of a workspace stand on; times, ids and randomness come from outside. */
export interface WorkspaceOptions {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Mints the UUIDs of lock tokens. */
  readonly uuid: () => string;
  /** What a change promises that does not say. */
  readonly durability: Durability;
  /** Bodies up to this many bytes wait in the catalog; 65,536 unless told. */
  readonly inlineLimit?: number;
}

export interface Context extends WorkspaceOptions {
  readonly inlineLimit: number;
  readonly principal: Principal;
}
