import type { EntryId } from '../../core/values.ts';
import type { Database } from './database.ts';
import { type EntryRow, entryColumns } from './rows.ts';
import { noParent } from './schema.ts';
import { type Marks, TreeVersions } from './tree-versions.ts';

const keysMax = 8192;
/** Longer keys (deep paths) are not worth their memory. */
const keyLengthMax = 1024;

/**
 * Reads of one moment. `PRAGMA data_version` tells within a few microseconds whether anyone committed since the
 * last look (all writing is done through other connections): until then, an answer given once is given again.
 * One look is enough for all that runs before the next event is taken in, since whoever asks had asked before it.
 * What is not known is read in a transaction that stays open for as long, and whose first statement asks for the
 * version, so that an answer is only ever kept for the state that it was read from.
 */
export class Snapshot {
  readonly db: Database;
  readonly trees: TreeVersions;
  private version = -1;
  private fresh = false;
  private reading = false;
  private readonly answers = new Map<string, unknown>();

  constructor(db: Database) {
    this.db = db;
    this.trees = new TreeVersions(db, {
      marks: (home) => this.keep(`m${home}`, () => this.readMarks(home)),
      epoch: () => this.keep('#epoch', () => db.get<[string]>('SELECT value FROM epoch')?.[0] ?? ''),
    });
  }

  /** `read` must be synchronous, and its answer must depend on the key and the database alone. */
  keep<T>(key: string, read: () => T): T {
    if (!this.fresh) this.look();
    if (this.answers.has(key)) return this.answers.get(key) as T;
    return this.within(() => {
      const answer = read();
      if (this.answers.size >= keysMax) this.answers.clear();
      if (key.length <= keyLengthMax) this.answers.set(key, answer);
      return answer;
    });
  }

  /** Several statements that see one state. */
  within<T>(read: () => T): T {
    if (!this.reading) {
      this.db.run('BEGIN');
      this.reading = true;
      this.look();
    }
    return read();
  }

  /** The moment is over: who asks from now on is shown what is there then. */
  readonly end = (): void => {
    this.fresh = false;
    if (!this.reading) return;
    this.reading = false;
    if (this.db.raw.isOpen && this.db.raw.isTransaction) this.db.run('COMMIT');
  };

  /** After all that the event has set off: microtasks go before ticks, and a tick before the next event. */
  private readonly endSoon = (): void => process.nextTick(this.end);

  private look(): void {
    if (!this.fresh) {
      this.fresh = true;
      queueMicrotask(this.endSoon);
    }
    const version = this.db.get<[number]>('PRAGMA data_version')?.[0] ?? -1;
    if (version === this.version) return;
    this.version = version;
    this.answers.clear();
  }

  private readMarks(home: EntryId): Marks | undefined {
    const row = this.db.get<[number, number]>('SELECT seq, folded FROM homes WHERE id = ?', home);
    return row === undefined ? undefined : { seq: row[0], folded: row[1] };
  }

  /** Rows from the root of the home down to an entry; undefined where it cannot be reached from there. */
  line(id: EntryId): readonly EntryRow[] | undefined {
    return this.keep(`l${id}`, () => {
      const row = this.db.get<EntryRow>(`SELECT ${entryColumns} FROM entries WHERE id = ?`, id);
      if (row === undefined || row[1].startsWith('~')) return undefined;
      if (row[1] === noParent) return [row];
      const above = this.line(row[1]);
      return above === undefined ? undefined : [...above, row];
    });
  }

  isLive(id: EntryId): boolean {
    return this.within(() => {
      for (let at = id; ; ) {
        const parent = this.db.get<[string]>('SELECT parent FROM entries WHERE id = ?', at)?.[0];
        if (parent === undefined || parent.startsWith('~')) return false;
        if (parent === noParent) return true;
        at = parent;
      }
    });
  }
}
