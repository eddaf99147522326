import type { HeldLock } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Entry, EntryId, Lock, LockToken } from '../core/values.ts';
import { pathOf } from './address.ts';
import type { Context } from './context.ts';

/** What a change touches, and so which locks must be submitted (RFC 4918 §7). */
export interface Touch {
  /** Its content or properties change: locks at it, and deep ones above. */
  readonly states?: readonly (readonly Entry[])[];
  /** A member comes or goes: locks of any depth at the folder, and deep ones above. */
  readonly members?: readonly (readonly Entry[])[];
  /** It goes with all below: also every lock at or below it, which ends with it. */
  readonly trees?: readonly (readonly Entry[])[];
}

const ids = (chain: readonly Entry[]): ReadonlySet<EntryId> => new Set(chain.map((entry) => entry.id));

/** Locks whose scope has the last entry of a chain in it. */
export function covering(locks: readonly Lock[], chain: readonly Entry[]): readonly Lock[] {
  if (locks.length === 0) return locks;
  const above = ids(chain);
  const last = chain.at(-1)?.id;
  return locks.filter((lock) => lock.entry === last || (lock.depth === 'infinity' && above.has(lock.entry)));
}

/** Chains of the locks that stand at or below an entry. */
export async function below(
  context: Context,
  locks: readonly Lock[],
  entry: EntryId,
): Promise<readonly Lock[]> {
  const found: Lock[] = [];
  for (const lock of locks) {
    const chain = (await context.catalog.resolve(lock.entry, []))?.chain;
    if (chain?.some((above) => above.id === entry)) found.push(lock);
  }
  return found;
}

/** The lock with the place of its root; undefined where the root is gone. */
export async function withPath(context: Context, lock: Lock): Promise<HeldLock | undefined> {
  const found = await context.catalog.resolve(lock.entry, []);
  return found === undefined ? undefined : { ...lock, path: pathOf(found.chain) };
}

/** Of locks that cover one resource (one exclusive, or some shared) one must be submitted, by who made it. */
function unmet(context: Context, locks: readonly Lock[], tokens: readonly LockToken[]): readonly Lock[] {
  const submitted = (lock: Lock) => tokens.includes(lock.token) && lock.by === context.principal.user;
  return locks.some(submitted) ? [] : locks;
}

async function blockedBy(
  context: Context,
  locks: readonly Lock[],
  touch: Touch,
  tokens: readonly LockToken[],
) {
  const blockers = new Set<Lock>();
  const drop: LockToken[] = [];
  const need = (found: readonly Lock[]) => {
    for (const lock of unmet(context, found, tokens)) blockers.add(lock);
  };
  for (const chain of [...(touch.states ?? []), ...(touch.trees ?? [])]) need(covering(locks, chain));
  for (const chain of touch.members ?? []) need(covering(locks, chain));
  for (const chain of touch.trees ?? []) {
    const top = chain.at(-1);
    if (top === undefined) continue;
    const inside = await below(context, locks, top.id);
    const byEntry = Map.groupBy(inside, (lock) => lock.entry);
    for (const group of byEntry.values()) need(group);
    drop.push(...inside.map((lock) => lock.token));
  }
  return { blockers: [...blockers], drop };
}

/** What a change passes on, so that the catalog can refuse it when a lock came meanwhile. */
export interface LockProof {
  readonly lockGeneration: number;
  readonly drop: readonly LockToken[];
}

/** The locks of a home at one moment. */
export type Held = Awaited<ReturnType<Context['catalog']['locks']['held']>>;

export const heldLocks = (context: Context): Promise<Held> =>
  context.catalog.locks.held(context.principal.home, context.clock());

/**
 * Throws `locked` with the roots of the locks that were not submitted. `held` may be older than what `touch` was found
 * with: a lock that came between the two makes the proof stale.
 */
export async function checkLocks(
  context: Context,
  touch: Touch,
  tokens: readonly LockToken[],
  op: string,
  held?: Held,
): Promise<LockProof> {
  const { generation, locks } = held ?? (await heldLocks(context));
  if (locks.length === 0) return { lockGeneration: generation, drop: [] };
  const { blockers, drop } = await blockedBy(context, locks, touch, tokens);
  if (blockers.length > 0) {
    const roots = await Promise.all(blockers.map((lock) => withPath(context, lock)));
    const paths = roots.filter((lock) => lock !== undefined).map((lock) => formatPath(lock.path));
    const where = paths.join(', ');
    throw new StoreError('locked', {
      op,
      blockers: paths,
      message: `${where} is locked; submit the lock token, or wait until the lock ends.`,
    });
  }
  return { lockGeneration: generation, drop };
}

const attempts = 16;

/** Does a change again, from its checks on, when its proof went stale between check and commit. */
export async function retrying<T>(change: () => Promise<T>, op: string): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (!isStoreError(error, 'conflict')) throw error;
      if (attempt === attempts) {
        const message = 'Too many others change the same place at this moment; try again.';
        throw new StoreError('unavailable', { op, message, cause: error });
      }
    }
  }
}
