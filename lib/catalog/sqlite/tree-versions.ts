import type { Entry, EntryId, Version } from '../../core/values.ts';
import type { Database } from './database.ts';
import { type EntryRow, toEntry } from './rows.ts';

/** Where a home's journal ends, and up to where it is in its folders. */
export interface Marks {
  readonly seq: number;
  readonly folded: number;
}

export interface TreeSource {
  marks(home: EntryId): Marks | undefined;
  epoch(): string;
}

interface Tail {
  /** The journal is taken in up to here. */
  upTo: number;
  readonly seqs: Map<string, number>;
}

const homesKept = 1024;

/**
 * A folder's version names the last change at or below it. A change writes only its journal record; `tree` of
 * every folder above is caught up later (`fold`), and until then a reader adds the records after `homes.folded`
 * by walking up from the folders they touched. A tree that moved is no trouble: its move is a later record at
 * both its parents.
 */
export class TreeVersions {
  private readonly tails = new Map<string, Tail>();
  private readonly db: Database;
  private readonly source: TreeSource;

  constructor(db: Database, source: TreeSource) {
    this.db = db;
    this.source = source;
  }

  /** Forgets what a rolled back transaction may have shown. */
  reset(): void {
    this.tails.clear();
  }

  entry(row: EntryRow): Entry {
    return toEntry(row, row[3] === 1 ? row[5] : this.version(row));
  }

  version(row: EntryRow): Version {
    const seq = Math.max(row[14], this.tail(row[2])?.seqs.get(row[0]) ?? 0);
    return folderVersion(seq, row[0], this.source.epoch());
  }

  /** For many folders of one home in one snapshot. */
  versions(home: string): (row: EntryRow) => Version {
    const seqs = this.tail(home)?.seqs;
    const epoch = this.source.epoch();
    return (row) => folderVersion(Math.max(row[14], seqs?.get(row[0]) ?? 0), row[0], epoch);
  }

  private tail(home: string): Tail | undefined {
    const marks = this.source.marks(home);
    if (marks === undefined) return undefined;
    const { seq, folded } = marks;
    let tail = this.tails.get(home);
    if (tail === undefined || tail.upTo > seq) {
      if (this.tails.size >= homesKept) this.tails.clear();
      tail = { upTo: folded, seqs: new Map() };
      this.tails.set(home, tail);
    }
    if (folded >= tail.upTo && tail.seqs.size > 0) tail.seqs.clear();
    if (folded > tail.upTo) tail.upTo = folded;
    if (tail.upTo < seq) {
      for (const [folder, last] of touched(this.db, home, tail.upTo)) tail.seqs.set(folder, last);
      tail.upTo = seq;
    }
    return tail;
  }
}

function folderVersion(seq: number, id: string, epoch: string): Version {
  return `t${seq.toString(36)}-${id}${epoch}`;
}

/** Folders at or above a change after `since`, with the last such change. */
export function touched(db: Database, home: string, since: number): ReadonlyMap<string, number> {
  const seqs = new Map<string, number>();
  const records = db.all<[number, string, number, string, string | null]>(
    'SELECT seq, entry, kind, parent, oldParent FROM journal WHERE home = ? AND seq > ? ORDER BY seq DESC',
    home,
    since,
  );
  // Newest first: whatever is marked already has its ancestors marked, with something newer.
  for (const [seq, entry, kind, parent, oldParent] of records) {
    mark(db, seqs, kind === 0 ? entry : parent, seq);
    mark(db, seqs, parent, seq);
    if (oldParent !== null) mark(db, seqs, oldParent, seq);
  }
  return seqs;
}

function mark(db: Database, seqs: Map<string, number>, from: string, seq: number): void {
  let folder = from;
  while (folder !== '' && !folder.startsWith('~') && !seqs.has(folder)) {
    seqs.set(folder, seq);
    folder = db.get<[string]>('SELECT parent FROM entries WHERE id = ?', folder)?.[0] ?? '';
  }
}

/** Stores what `touched` tells, so that readers need no journal for it. */
export function fold(db: Database, home: EntryId, marks: Marks): void {
  if (marks.folded >= marks.seq) return;
  for (const [folder, seq] of touched(db, home, marks.folded)) {
    db.run('UPDATE entries SET tree = ? WHERE id = ?', seq, folder);
  }
  db.run('UPDATE homes SET folded = ? WHERE id = ?', marks.seq, home);
}
