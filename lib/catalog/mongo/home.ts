import type { Long, ObjectId } from 'mongodb';
import type { EntryId, JournalRecord, Version } from '../../core/values.ts';

/** A record on its way to the journal, with the folders at and above the change. */
export interface Recent extends JournalRecord {
  readonly above: readonly EntryId[];
}

/** The last change at or below a folder that the folder itself may not know of yet. */
export interface TailDoc {
  readonly f: EntryId;
  readonly s: number;
}

/** Records of one commit that are not in the journal yet, as JSON: only who reads the journal looks into it. */
export interface LogDoc {
  /** The last number among them. */
  readonly to: number;
  readonly records: string;
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
  /** False only where there is none: then nobody need look. */
  readonly locked: boolean;
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
  /** Since the settlement before the last one: a reader who saw a folder before it was settled needs them still. */
  readonly tail: readonly TailDoc[];
  readonly log: readonly LogDoc[];
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
  locked: boolean;
  used: number;
  trashed: number;
  uncounted: number;
  quota: number | null;
  floor: number;
  settled: number;
  readonly epoch: string;
  tail: readonly TailDoc[];
}

export function toHome(doc: HomeDoc): HomeState {
  const { _id, user, trash, rev, seq, generation, locked, uncounted, floor, settled, epoch, tail } = doc;
  return {
    id: _id.toHexString(),
    user: user.toHexString(),
    trash: trash.toHexString(),
    ...{ rev, seq, generation, locked, uncounted, floor, settled, epoch, tail },
    used: Number(doc.used),
    trashed: Number(doc.trashed),
    quota: doc.quota === null ? null : Number(doc.quota),
  };
}

/** What readers of entries have no use for. */
export const leanHome = { log: 0, intent: 0 } as const;

/** The number of the last change at or below each folder, as far as it is not in the folder itself yet. */
export function touchedSince(tail: readonly TailDoc[]): ReadonlyMap<EntryId, number> {
  const seqs = new Map<EntryId, number>();
  for (const { f, s } of tail) if ((seqs.get(f) ?? 0) < s) seqs.set(f, s);
  return seqs;
}

/** Each folder once, with the last of its changes. */
export function tailOf(records: readonly Recent[]): readonly TailDoc[] {
  const seqs = new Map<EntryId, number>();
  for (const { seq, above } of records) for (const id of above) seqs.set(id, seq);
  return [...seqs].map(([f, s]) => ({ f, s }));
}

export function logOf(records: readonly Recent[]): LogDoc {
  const plain = records.map(({ above: _, ...record }): JournalRecord => record);
  return { to: records.at(-1)?.seq ?? 0, records: JSON.stringify(plain) };
}

export const recordsOf = (log: readonly LogDoc[]): readonly JournalRecord[] =>
  log.flatMap(({ records }) => JSON.parse(records) as JournalRecord[]);

type Versioned = Pick<HomeState, 'tail' | 'epoch'>;

/** Versions of a home's folders at one moment. */
export function folderVersions({ tail, epoch }: Versioned): (id: EntryId, tree: number) => Version {
  const seqs = touchedSince(tail);
  return (id, tree) => `t${Math.max(tree, seqs.get(id) ?? 0).toString(36)}-${id}${epoch}`;
}
