import type { HeldLock, LockRequest } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Address, EntryId, Lock, LockToken } from '../core/values.ts';
import { mayBind, mayChange, mayRead } from './access.ts';
import { atRoot, existing, locate, slot } from './address.ts';
import type { Context } from './context.ts';
import { below, checkLocks, covering, heldLocks, retrying, withPath } from './locking.ts';
import { write } from './write.ts';

async function placed(context: Context, locks: readonly Lock[]): Promise<readonly HeldLock[]> {
  const found = await Promise.all(locks.map((lock) => withPath(context, lock)));
  return found.filter((lock) => lock !== undefined);
}

/** Locks on what is there, or on what would be: deep ones of the folders above. */
export async function locksAt(context: Context, at: Address): Promise<readonly HeldLock[]> {
  if (atRoot(at)) return [];
  const { locks } = await heldLocks(context);
  if (locks.length === 0) return [];
  const located = await locate(context, at, 'locks');
  await mayRead(context, located, 'locks');
  const deep = locks.filter((lock) => lock.depth === 'infinity');
  return placed(context, covering(located.missing.length === 0 ? locks : deep, located.chain));
}

export async function locksBelow(
  context: Context,
  at: Address,
): Promise<ReadonlyMap<EntryId, readonly HeldLock[]>> {
  const { locks } = await heldLocks(context);
  if (locks.length === 0) return new Map();
  if (atRoot(at)) return Map.groupBy(await placed(context, locks), (lock) => lock.entry);
  const located = await locate(context, at, 'locks');
  const top = existing(located, 'locks');
  return Map.groupBy(await placed(context, await below(context, locks, top.id)), (lock) => lock.entry);
}

/** One exclusive lock, or any number of shared ones, in each other's scope (RFC 4918 §6.1). */
const clashes = (request: LockRequest, lock: Lock): boolean =>
  request.scope === 'exclusive' || lock.scope === 'exclusive';

export async function lock(
  context: Context,
  at: Address,
  request: LockRequest,
): Promise<{ readonly lock: HeldLock; readonly created: boolean }> {
  let created = false;
  return retrying(async () => {
    const located = await locate(context, at, 'lock');
    if (located.missing.length > 0) {
      const place = slot(located, 'lock');
      mayBind(context, place, 'lock');
      await checkLocks(context, { members: [place.parents] }, request.tokens ?? [], 'lock');
      try {
        await write(context, at, new Uint8Array(0), { expect: 'absent', tokens: request.tokens ?? [] });
        created = true;
      } catch (error) {
        // Another made it meanwhile: then it is there to be locked.
        if (!isStoreError(error, 'stale')) throw error;
      }
      throw new StoreError('conflict', { op: 'lock' });
    }
    mayChange(context, located, 'lock');
    const entry = existing(located, 'lock');
    const { generation, locks } = await heldLocks(context);
    const near = covering(locks, located.chain);
    const inside = request.depth === 0 ? [] : await below(context, locks, entry.id);
    const blockers = [...new Set([...near, ...inside])].filter((other) => clashes(request, other));
    if (blockers.length > 0) {
      const roots = (await placed(context, blockers)).map((other) => formatPath(other.path));
      const message = `${roots.join(', ')} is locked already; wait until that lock ends.`;
      throw new StoreError('locked', { op: 'lock', blockers: roots, message });
    }
    const now = context.clock();
    const made: Lock = {
      token: `urn:uuid:${context.uuid()}`,
      home: context.principal.home,
      entry: entry.id,
      depth: request.depth,
      scope: request.scope,
      owner: request.owner,
      by: context.principal.user,
      expires: now + request.timeout,
    };
    await context.catalog.locks.create(made, generation, now);
    return { lock: { ...made, path: located.path }, created };
  }, 'lock');
}

/** The lock of that token, where it covers the address. */
async function mine(context: Context, at: Address, token: LockToken, op: string): Promise<HeldLock> {
  mayChange(context, await locate(context, at, op), op);
  const found = (await locksAt(context, at)).find((one) => one.token === token);
  if (found === undefined) {
    const message = `${formatPath(at.path)} is not locked by that token; it may have ended.`;
    throw new StoreError('not-found', { op, path: formatPath(at.path), message });
  }
  if (found.by !== context.principal.user) {
    throw new StoreError('denied', {
      op,
      path: formatPath(at.path),
      message: 'That lock is somebody else’s.',
    });
  }
  return found;
}

export async function refresh(
  context: Context,
  at: Address,
  token: LockToken,
  timeout: number,
): Promise<HeldLock> {
  const found = await mine(context, at, token, 'refresh');
  const now = context.clock();
  const lock = await context.catalog.locks.refresh(token, now + timeout, now);
  if (lock === undefined) throw new StoreError('not-found', { op: 'refresh', path: formatPath(at.path) });
  return { ...lock, path: found.path };
}

export async function unlock(context: Context, at: Address, token: LockToken): Promise<void> {
  await mine(context, at, token, 'unlock');
  await context.catalog.locks.release(token, context.clock());
}
