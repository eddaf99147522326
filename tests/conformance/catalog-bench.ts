import { createHash, randomBytes } from 'node:crypto';
import type { Catalog, Change, Place, Splice, Written } from '../../lib/core/contracts.ts';
import { type ErrorCode, isStoreError } from '../../lib/core/error.ts';
import type { Entry, EntryId, Extent, Layout, User } from '../../lib/core/values.ts';

export interface CatalogBench {
  readonly catalog: Catalog;
  /** The same data, opened once more, as another process would. The bench closes it. */
  again(): Promise<Catalog>;
  close(): Promise<void>;
}

export type MakeCatalog = () => Promise<CatalogBench>;

export const newId = (): string => randomBytes(12).toString('hex');
export const fails =
  (...codes: ErrorCode[]) =>
  (error: unknown) =>
    isStoreError(error, ...codes);
export const refOf = (text: string): string => createHash('sha512').update(text).digest('hex');
export const start = Date.UTC(2026, 0, 1);

export function draftOf(text: string) {
  const ref = refOf(text);
  const size = Buffer.byteLength(text);
  return {
    version: ref.slice(0, 32),
    size,
    extents: [{ ref, offset: 0, length: size }],
    checksums: { sha512: ref },
    modified: start,
  };
}

export async function newUser(catalog: Catalog, options: Partial<Omit<User, 'home'>> = {}): Promise<User> {
  return catalog.accounts.createUser({
    id: newId(),
    login: `u${newId()}`,
    email: null,
    firstName: 'Ada',
    lastName: 'Lovelace',
    admin: false,
    status: 'enabled',
    created: start,
    quota: null,
    removeAfter: null,
    ...options,
  });
}

/** A home of its own in a catalog, and short words for what tests do in it. */
export class TestHome {
  readonly catalog: Catalog;
  readonly user: User;
  readonly id: EntryId;
  now = start + 1000;

  constructor(catalog: Catalog, user: User) {
    this.catalog = catalog;
    this.user = user;
    this.id = user.home;
  }

  static async make(catalog: Catalog, quota: number | null = null): Promise<TestHome> {
    return new TestHome(catalog, await newUser(catalog, { quota }));
  }

  /** The same home, seen through another opening of the catalog. */
  through(catalog: Catalog): TestHome {
    return new TestHome(catalog, this.user);
  }

  change(more: Partial<Change> = {}): Change {
    this.now += 1;
    return { by: this.user.id, now: this.now, durability: 'stored', ...more };
  }

  folder(name: string, parent = this.id, more: Partial<Change> = {}): Promise<Entry> {
    return this.catalog.mkdir({ parent, name, modified: start }, this.change(more));
  }

  async file(name: string, text: string, parent = this.id, more: Partial<Change> = {}): Promise<Written> {
    return this.catalog.put({ parent, name, ...draftOf(text) }, this.change(more));
  }

  move(id: EntryId, name: string, parent = this.id, more: Partial<Change> = {}): Promise<Written> {
    return this.catalog.move(id, { parent, name }, this.change(more));
  }

  copy(id: EntryId, name: string, parent = this.id, more: Partial<Change> & { shallow?: boolean } = {}) {
    return this.catalog.copy(id, { parent, name }, { ...this.change(more), ...more });
  }

  remove(id: EntryId, more: Partial<Change> = {}): Promise<void> {
    return this.catalog.remove(id, this.change(more));
  }

  restore(id: EntryId, to?: Place, more: Partial<Change> = {}): Promise<Entry> {
    return this.catalog.restore(id, to, this.change(more));
  }

  splice(id: EntryId, splice: Partial<Splice>, more: Partial<Change> = {}): Promise<Entry> {
    const whole = { version: newId(), modified: this.now, offset: 0, extents: [], ...splice };
    return this.catalog.splice(id, whole, this.change(more));
  }

  async at(...names: string[]): Promise<Entry | undefined> {
    const found = await this.catalog.resolve(this.id, names);
    return found?.missing.length === 0 ? found.chain.at(-1) : undefined;
  }

  async version(id: EntryId): Promise<string | undefined> {
    return (await this.catalog.entry(id))?.version;
  }

  async list(parent = this.id, after?: string): Promise<Entry[]> {
    const found: Entry[] = [];
    for await (const page of this.catalog.children(parent, after)) found.push(...page);
    return found;
  }

  async names(parent = this.id, after?: string): Promise<string[]> {
    return (await this.list(parent, after)).map((entry) => entry.name);
  }

  /** Every path with the version of its file; folders end in a slash. */
  async tree(top = this.id, prefix = ''): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const entry of await this.list(top)) {
      if (entry.kind === 'file') found[prefix + entry.name] = entry.version;
      else {
        found[`${prefix}${entry.name}/`] = '';
        Object.assign(found, await this.tree(entry.id, `${prefix}${entry.name}/`));
      }
    }
    return found;
  }

  async used(): Promise<number> {
    return (await this.catalog.usage(this.id)).used;
  }

  /** Of the last record. */
  async seq(): Promise<number> {
    return (await this.catalog.changes(this.id, 0, 1_000_000)).at(-1)?.seq ?? 0;
  }
}

/** The bytes that extents stand for, where each ref is the digest of a known text and holes are dots. */
export function textOf(layout: Layout, texts: readonly string[]): string {
  const known = new Map(texts.map((text) => [refOf(text), text]));
  return layout.extents
    .map(({ ref, offset, length }) =>
      ref === null ? '.'.repeat(length) : (known.get(ref) ?? '').slice(offset, offset + length),
    )
    .join('');
}

export const extentOf = (text: string): Extent => ({ ref: refOf(text), offset: 0, length: text.length });
