import { StoreError } from '../core/error.ts';
import { formatPath, type Name, newName } from '../core/path.ts';
import type { Address, Entry, EntryId } from '../core/values.ts';
import type { Context } from './context.ts';

/** Id of the folder above `home`, `data` and `shared`, which no catalog holds. */
export const rootId: EntryId = '0'.repeat(24);
/** Name of the read-write home in the root. */
export const homeName = 'home';

/** An address, followed as far as it goes. */
export interface Located {
  /** From the root of the home down; the last is the entry itself when `missing` is empty. */
  readonly chain: readonly Entry[];
  readonly missing: readonly string[];
  /** Where that is in the workspace, for messages. */
  readonly path: readonly string[];
}

/** The address is the root itself. */
export const atRoot = (at: Address): boolean =>
  at.path.length === 0 && (at.from === undefined || at.from === rootId);

export function rootEntry(context: Context): Entry {
  return {
    id: rootId,
    parent: null,
    home: context.principal.home,
    kind: 'folder',
    name: '',
    version: 'root',
    size: 0,
    created: 0,
    modified: 0,
    creator: context.principal.user,
    mode: null,
    mime: null,
    props: null,
    checksums: null,
  };
}

/** Follows an address. What is not in the caller's tree is `not-found`, whether it exists or not. */
export async function locate(context: Context, at: Address, op: string): Promise<Located> {
  const { home } = context.principal;
  const fromRoot = at.from === undefined || at.from === rootId;
  if (fromRoot && at.path.length === 0) {
    throw new StoreError('denied', { op, path: '/', message: 'The root of a workspace cannot be changed.' });
  }
  if (fromRoot && at.path[0] !== homeName)
    throw new StoreError('not-found', { op, path: formatPath(at.path) });
  const from = fromRoot ? home : (at.from as EntryId);
  const names = fromRoot ? at.path.slice(1) : at.path;
  const found = await context.catalog.resolve(from, names);
  if (found === undefined || found.chain[0]?.id !== home) {
    throw new StoreError('not-found', { op, path: formatPath(at.path) });
  }
  return { chain: found.chain, missing: found.missing, path: pathOf(found.chain, found.missing) };
}

/** Names from the root of the workspace to the end of a chain. */
export function pathOf(chain: readonly Entry[], missing: readonly string[] = []): readonly string[] {
  return [homeName, ...chain.slice(1).map((entry) => entry.name), ...missing];
}

/** The entry at an address, or `not-found`. */
export function existing(located: Located, op: string): Entry {
  const entry = located.chain.at(-1);
  if (entry === undefined || located.missing.length > 0) {
    throw new StoreError('not-found', { op, path: formatPath(located.path) });
  }
  return asSeen(entry);
}

/** The home's own folder is named `Home` in the catalog, as Girder has it, and `home` in the workspace. */
export function asSeen(entry: Entry): Entry {
  return entry.parent === null ? { ...entry, name: homeName, parent: rootId } : entry;
}

/** Where something may stand: the parent must be there and be a folder. */
export interface Slot {
  readonly parents: readonly Entry[];
  readonly parent: Entry;
  readonly name: Name;
  /** What stands there now. */
  readonly entry: Entry | undefined;
}

export function slot(located: Located, op: string): Slot {
  const { chain, missing } = located;
  const path = formatPath(located.path);
  if (missing.length > 1) {
    throw new StoreError('not-found', { op, path, message: `The folder above ${path} does not exist.` });
  }
  const parents = missing.length === 0 ? chain.slice(0, -1) : chain;
  const parent = parents.at(-1);
  if (parent === undefined) {
    throw new StoreError('denied', { op, path, message: 'The home itself cannot be replaced or removed.' });
  }
  if (parent.kind !== 'folder') throw new StoreError('not-folder', { op, path });
  const entry = missing.length === 0 ? chain.at(-1) : undefined;
  const name = entry === undefined ? newName(missing[0] as Name) : (entry.name as Name);
  return { parents, parent, name, entry };
}
