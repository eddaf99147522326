import type { Long, ObjectId } from 'mongodb';
import type { EntryId, JournalRecord, Version } from '../../core/values.ts';

/** A record on its way to the journal, with the folders at and above the change. */
export interface RecentDoc extends JournalRecord {
  readonly above: readonly EntryId[];
}

export type JournalDoc = JournalRecord & { readonly home: EntryId };

/**
 * The one document that every change of a home goes through: it bears the change's number and its record, so that
 * the journal has no gaps, and `rev` says whether what a change was planned on still holds. Girder never sees it.
 */
export interface HomeDoc {
  /** The home's folder. */
  readonly _id: ObjectId;
  readonly user: ObjectId;
  /** Where removed trees hang: a folder beside the home. */
  readonly trash: ObjectId;
  readonly rev: number;
  readonly seq: number;
  /** Of its locks. */
  readonly generation: number;
  readonly used: number | Long;
  readonly trashed: number | Long;
  /** Removed folders whose bytes nobody has counted yet. */
  readonly uncounted: number;
  readonly quota: number | Long | null;
  /** The journal reaches back to the record after this one. */
  readonly floor: number;
  /** Up to this record the folders and the journal have been caught up. */
  readonly settled: number;
  /** Tells the histories apart that grew from one backup. */
  readonly epoch: string;
  /** Records since the settlement before the last one: a reader who saw a folder before it was settled has them still. */
  readonly recent: readonly RecentDoc[];
  readonly dirty?: boolean;
  /** Without transactions: what the change of `rev` still has to write where `applied` is less. */
  readonly intent?: readonly unknown[];
  readonly applied?: number;
}

/** A home in memory. */
export interface HomeState {
  readonly id: EntryId;
  readonly user: string;
  readonly trash: EntryId;
  rev: number;
  seq: number;
  generation: number;
  used: number;
  trashed: number;
  uncounted: number;
  quota: number | null;
  floor: number;
  settled: number;
  readonly epoch: string;
  recent: readonly RecentDoc[];
}

export function toHome(doc: HomeDoc): HomeState {
  const { _id, user, trash, rev, seq, generation, uncounted, floor, settled, epoch, recent } = doc;
  return {
    id: _id.toHexString(),
    user: user.toHexString(),
    trash: trash.toHexString(),
    ...{ rev, seq, generation, uncounted, floor, settled, epoch, recent },
    used: Number(doc.used),
    trashed: Number(doc.trashed),
    quota: doc.quota === null ? null : Number(doc.quota),
  };
}

/** The number of the last change at or below each folder, as far as it is not in the folder itself yet. */
export function touchedSince(recent: readonly RecentDoc[]): ReadonlyMap<EntryId, number> {
  const seqs = new Map<EntryId, number>();
  for (const { seq, above } of recent)
    for (const id of above) if ((seqs.get(id) ?? 0) < seq) seqs.set(id, seq);
  return seqs;
}

type Versioned = Pick<HomeState, 'recent' | 'epoch'>;

/** Versions of a home's folders at one moment. */
export function folderVersions({ recent, epoch }: Versioned): (id: EntryId, tree: number) => Version {
  const seqs = touchedSince(recent);
  return (id, tree) => `t${Math.max(tree, seqs.get(id) ?? 0).toString(36)}-${id}${epoch}`;
}

export const journalOf = ({ above: _, ...record }: RecentDoc): JournalRecord => record;
