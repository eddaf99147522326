import type { Change } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { EntryId, JournalRecord } from '../../core/values.ts';
import { Database } from './database.ts';
import { fold, TreeVersions } from './tree-versions.ts';

/** The counters of a home: read once in a transaction, changed here, written once before its commit. */
export interface Home {
  readonly id: EntryId;
  seq: number;
  folded: number;
  used: number;
  trashed: number;
  generation: number;
  readonly quota: number | null;
}

/** Journal records that readers may have to walk for the version of a folder. */
const tailMax = 256;

export type JournalDraft = Pick<JournalRecord, 'op' | 'entry' | 'kind' | 'parent' | 'name'> &
  Partial<Pick<JournalRecord, 'oldParent' | 'oldName'>>;

/** What the writing operations work with. One operation's failure takes back that operation alone. */
export class Transaction {
  readonly db: Database;
  readonly trees: TreeVersions;
  /** Homes to fold, count or sweep when there is time. */
  readonly stirred = new Set<EntryId>();
  private readonly homes = new Map<EntryId, Home>();
  private readonly before = new Map<EntryId, Home>();
  private readonly dirty = new Set<EntryId>();
  private hasEpoch = false;

  constructor(path: string) {
    this.db = new Database(path, { wait: 0 });
    this.trees = new TreeVersions(this.db, {
      marks: (home) => this.home(home),
      epoch: () => this.db.get<[string]>('SELECT value FROM epoch')?.[0] ?? '',
    });
  }

  begin(): void {
    this.homes.clear();
    this.before.clear();
    this.dirty.clear();
  }

  /** Runs one operation; what it did is taken back when it throws. */
  step<T>(operation: () => T): T {
    this.db.run('SAVEPOINT step');
    this.before.clear();
    try {
      const result = operation();
      this.db.run('RELEASE step');
      return result;
    } catch (error) {
      if (this.db.raw.isTransaction) {
        this.db.run('ROLLBACK TO step');
        this.db.run('RELEASE step');
      }
      for (const [id, home] of this.before) this.homes.set(id, home);
      // What the operation wrote down early (`finish`) was taken back, too.
      for (const id of this.homes.keys()) this.dirty.add(id);
      if (this.before.size > 0) this.trees.reset();
      this.hasEpoch = false;
      throw error;
    }
  }

  private finish(): void {
    for (const id of this.dirty) {
      const home = this.homes.get(id);
      if (home === undefined) continue;
      this.db.run(
        'UPDATE homes SET seq = ?, used = ?, trashed = ?, generation = ? WHERE id = ?',
        home.seq,
        home.used,
        home.trashed,
        home.generation,
        id,
      );
    }
    this.dirty.clear();
  }

  /** After a rollback of it all. */
  abandon(): void {
    this.begin();
    this.trees.reset();
    this.hasEpoch = false;
  }

  home(id: EntryId): Home {
    const known = this.homes.get(id);
    if (known !== undefined) return known;
    const row = this.db.get<[number, number, number, number, number, number | null]>(
      'SELECT h.seq, h.folded, h.used, h.trashed, h.generation, u.quota FROM homes h LEFT JOIN users u ON u.home = h.id WHERE h.id = ?',
      id,
    );
    if (row === undefined) throw new StoreError('not-found', { message: 'The home is gone.' });
    const [seq, folded, used, trashed, generation, quota] = row;
    const home = { id, seq, folded, used, trashed, generation, quota };
    this.homes.set(id, home);
    return home;
  }

  /** The home, to be changed. */
  touch(id: EntryId): Home {
    const home = this.home(id);
    if (!this.before.has(id)) this.before.set(id, { ...home });
    this.dirty.add(id);
    return home;
  }

  /** Brings the folders of a home up to its journal. */
  fold(id: EntryId): void {
    if (this.db.get('SELECT 1 FROM homes WHERE id = ?', id) === undefined) return;
    const home = this.touch(id);
    fold(this.db, id, home);
    home.folded = home.seq;
  }

  /** Before a commit: folds the journals that grew long, and writes the counters down. */
  complete(): void {
    this.before.clear();
    for (const id of [...this.dirty]) {
      const home = this.homes.get(id);
      if (home !== undefined && home.seq - home.folded > tailMax) this.fold(id);
    }
    this.finish();
  }

  /** The counters changed underneath (a recount, an erased home). */
  forget(id: EntryId): void {
    this.finish();
    this.homes.delete(id);
  }

  /** Appends to the journal; the number of the change. */
  record(home: EntryId, change: Pick<Change, 'by' | 'now'>, draft: JournalDraft): number {
    this.mintEpoch();
    const counters = this.touch(home);
    counters.seq += 1;
    this.db.run(
      'INSERT INTO journal VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      home,
      counters.seq,
      change.now,
      change.by,
      draft.op,
      draft.entry,
      draft.kind === 'file' ? 1 : 0,
      draft.parent,
      draft.name,
      draft.oldParent ?? null,
      draft.oldName ?? null,
    );
    this.stirred.add(home);
    return counters.seq;
  }

  /**
   * A backup leaves the epoch empty, and the first change after a restore mints a new one: folder versions of
   * two histories that grew from one backup never meet.
   */
  private mintEpoch(): void {
    if (this.hasEpoch) return;
    this.db.run("UPDATE epoch SET value = '-' || lower(hex(randomblob(4))) WHERE value = ''");
    this.hasEpoch = true;
  }

  close(): void {
    this.db.close();
  }
}
