import type { Place } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import { spellings } from '../../core/path.ts';
import type { Entry, EntryId } from '../../core/values.ts';
import { folderVersions, type HomeState, type Recent, tailOf } from './home.ts';
import { candidates, childNamed, childrenNamed, type Line, lineTo } from './lines.ts';
import { type Row, toEntry } from './rows.ts';
import type { Store } from './store.ts';
import type { Write } from './writes.ts';

const rowsMost = 20_000;
const nameKey = (parent: EntryId, name: string) => `${parent}/${name}`;

/** What is known of a home's entries at one of its revisions; null: there is no such thing. */
export class Known {
  readonly rows = new Map<EntryId, Row | null>();
  readonly names = new Map<string, EntryId | null>();

  add(row: Row): void {
    this.rows.set(row.id, row);
    if (row.parent !== '') this.names.set(nameKey(row.parent, row.name), row.id);
  }

  take(other: Known): void {
    if (this.rows.size + this.names.size > rowsMost) this.clear();
    for (const [id, row] of other.rows) this.rows.set(id, row);
    for (const [key, id] of other.names) this.names.set(key, id);
  }

  /** Folders that were settled since they were read. */
  raise(seqs: ReadonlyMap<EntryId, number>): void {
    for (const [id, tree] of seqs) {
      const row = this.rows.get(id);
      if (row != null && row.tree < tree) this.rows.set(id, { ...row, tree });
    }
  }

  takeLine(line: Line, below: readonly Row[], missing: readonly string[]): void {
    for (const row of [...line.rows, ...below]) this.add(row);
    const last = below.at(-1) ?? line.rows.at(-1);
    const [next] = missing;
    if (next === undefined || last === undefined || last.kind === 'file') return;
    for (const name of candidates(next)) this.names.set(nameKey(last.id, name), null);
  }

  clear(): void {
    this.rows.clear();
    this.names.clear();
  }
}

/** A plan has to look at more than single entries: it must be the first of its batch. */
export class NeedsBase extends Error {}

/**
 * A home as the next change finds it: what is known, and above it what the changes before it in the same batch have
 * planned. One change's failure takes back that change alone.
 */
export class View {
  readonly store: Store;
  home: HomeState;
  readonly records: Recent[] = [];
  readonly writes: Write[] = [];
  readonly bodies: { readonly ref: string; readonly body: Uint8Array }[] = [];
  /** What this batch has come to. */
  readonly fresh = new Known();
  private readonly base: Known;
  private draft = new Known();

  constructor(store: Store, home: HomeState, base: Known) {
    this.store = store;
    this.home = { ...home };
    this.base = base;
  }

  /** Runs the plan of one change; what it planned is taken back when it throws. */
  async step<T>(plan: () => Promise<T>): Promise<T> {
    const { home } = this;
    const marks = [this.records.length, this.writes.length, this.bodies.length] as const;
    this.home = { ...home };
    this.draft = new Known();
    try {
      const result = await plan();
      this.fresh.take(this.draft);
      return result;
    } catch (error) {
      this.home = home;
      this.records.length = marks[0];
      this.writes.length = marks[1];
      this.bodies.length = marks[2];
      throw error;
    } finally {
      this.draft = new Known();
    }
  }

  /** For plans that walk the database itself, which knows nothing of what was planned before in this batch. */
  mustBeFirst(): void {
    if (this.records.length > 0 || this.writes.length > 0) throw new NeedsBase();
  }

  get changed(): boolean {
    return this.records.length > 0 || this.writes.length > 0 || this.touched;
  }

  /** Counters alone changed. */
  touched = false;

  private known(id: EntryId): Row | null | undefined {
    for (const layer of [this.draft, this.fresh, this.base]) {
      const row = layer.rows.get(id);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** Rows from the home's root to an entry; undefined where it cannot be reached from there. */
  async line(id: EntryId): Promise<readonly Row[] | undefined> {
    const rows: Row[] = [];
    for (let at = id, looked = false; ; ) {
      const row = this.known(at);
      if (row === null) return undefined;
      if (row === undefined) {
        if (looked) return undefined;
        looked = true;
        const line = await lineTo(this.store, at);
        const home = line?.home._id.toHexString();
        if (line === undefined || home !== this.home.id) {
          // Elsewhere, in the trash, or nowhere.
          if (at === id) return undefined;
          return undefined;
        }
        this.base.takeLine(line, [], []);
        continue;
      }
      rows.unshift(row);
      if (row.id === this.home.id) return rows;
      if (row.parent === '' || row.parent === this.home.trash) return undefined;
      at = row.parent;
      looked = false;
    }
  }

  /** The row of an entry that can be reached. */
  async live(id: EntryId, op: string): Promise<{ readonly row: Row; readonly line: readonly Row[] }> {
    const line = await this.line(id);
    const row = line?.at(-1);
    if (line === undefined || row === undefined) throw new StoreError('not-found', { op });
    return { row, line };
  }

  async liveFolder(id: EntryId, op: string): Promise<{ readonly row: Row; readonly line: readonly Row[] }> {
    const found = await this.live(id, op);
    if (found.row.kind === 'file') throw new StoreError('not-folder', { op });
    if (found.row.foreign === true) throw foreign(op);
    return found;
  }

  /** Looks for names that nothing is known of yet, all at once. */
  async expect(places: readonly Place[]): Promise<void> {
    const unknown = places.filter(({ parent, name }) =>
      spellings(name).some((spelling) => !this.base.names.has(nameKey(parent, spelling))),
    );
    const byParent = Map.groupBy(unknown, ({ parent }) => parent);
    await Promise.all(
      [...byParent].map(async ([parent, some]) => {
        const names = [...new Set(some.map(({ name }) => name))];
        const found = await childrenNamed(this.store, parent, names);
        for (const name of names) this.noteChild(parent, name, found.get(name));
      }),
    );
  }

  private noteChild(parent: EntryId, name: string, found: Row | undefined): void {
    if (found !== undefined) {
      if (this.known(found.id) === undefined) this.base.add(found);
      return;
    }
    for (const spelling of spellings(name)) {
      const key = nameKey(parent, spelling);
      if (!this.base.names.has(key)) this.base.names.set(key, null);
    }
  }

  /** What has that name, in whichever spelling. */
  async child(parent: EntryId, name: string): Promise<Row | undefined> {
    const ids = spellings(name).map((spelling) => this.named(parent, spelling));
    const at = ids.findIndex((id) => typeof id === 'string');
    const certain = ids.slice(0, at === -1 ? undefined : at).every((id) => id === null);
    const id = at === -1 ? undefined : ids[at];
    if (certain && id === undefined && ids.every((one) => one === null)) return undefined;
    if (certain && typeof id === 'string') {
      const row = this.known(id);
      if (row != null) return row;
    }
    const found = await childNamed(this.store, parent, name);
    this.noteChild(parent, name, found);
    return this.sighted(parent, name, found);
  }

  /** What the database has, corrected by what was planned since. */
  private sighted(parent: EntryId, name: string, found: Row | undefined): Row | undefined {
    for (const spelling of spellings(name)) {
      const id = this.named(parent, spelling);
      if (typeof id === 'string') return this.known(id) ?? undefined;
    }
    const row = found === undefined ? undefined : this.known(found.id);
    return row != null && row.parent === parent && spellings(name).includes(row.name) ? row : undefined;
  }

  private named(parent: EntryId, name: string): EntryId | null | undefined {
    const key = nameKey(parent, name);
    for (const layer of [this.draft, this.fresh, this.base]) {
      const id = layer.names.get(key);
      if (id !== undefined) return id;
    }
    return undefined;
  }

  /** Notes what a write makes of an entry. */
  put(row: Row): void {
    const old = this.known(row.id);
    if (old != null && old.parent !== '' && (old.parent !== row.parent || old.name !== row.name)) {
      this.draft.names.set(nameKey(old.parent, old.name), null);
    }
    this.draft.add(row);
  }

  entry(row: Row): Entry {
    return toEntry(row, this.home.id, this.versions());
  }

  version(row: Row): string {
    return row.kind === 'file' ? row.version : this.versions()(row.id, row.tree);
  }

  private versions() {
    return folderVersions({ epoch: this.home.epoch, tail: [...this.home.tail, ...tailOf(this.records)] });
  }
}

export function foreign(op: string): StoreError {
  const message =
    'This came from Girder as an item of several files (or none); only Girder can change what is in it.';
  return new StoreError('unsupported', { op, message });
}
