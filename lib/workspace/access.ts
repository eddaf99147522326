import { StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Entry } from '../core/values.ts';
import { type Located, pathOf, type Slot } from './address.ts';
import type { Context } from './context.ts';

/** True when the credential reaches an entry: its limit is at that entry or above it. */
function within(context: Context, chain: readonly Entry[]): boolean {
  const { root } = context.principal;
  return root === null || chain.some((entry) => entry.id === root);
}

function refuse(op: string, path: readonly string[], scope: 'read' | 'write', message: string): never {
  throw new StoreError('denied', { op, path: formatPath(path), scope, message });
}

const outside = 'This credential is limited to another folder.';

/** Entries from the home down to the folder that limits the credential; undefined where nothing limits it. */
export async function limitChain(context: Context): Promise<readonly Entry[] | undefined> {
  const { root } = context.principal;
  if (root === null) return undefined;
  return (await context.catalog.resolve(root, []))?.chain ?? [];
}

/**
 * Reading: what is below the limit, and the bare folders above it, so that a client can walk down.
 * Returns the only child that a listing may show, or undefined when it may show all.
 */
export async function mayRead(context: Context, located: Located, op: string): Promise<Entry | undefined> {
  if (within(context, located.chain)) return undefined;
  const limit = (await limitChain(context)) ?? [];
  const depth = located.chain.length - 1;
  if (located.missing.length > 0 || limit[depth]?.id !== located.chain[depth]?.id) {
    refuse(op, located.path, 'read', outside);
  }
  return limit[depth + 1] ?? refuse(op, located.path, 'read', outside);
}

function mayWrite(context: Context, op: string, path: readonly string[]): void {
  if (!context.principal.write) refuse(op, path, 'write', 'This credential may only read.');
  if (context.principal.stale === true) {
    const message = 'Whoever issued this credential cannot be asked just now; until then it may only read.';
    throw new StoreError('unavailable', { op, path: formatPath(path), message });
  }
}

/** Changing what an entry holds. */
export function mayChange(context: Context, located: Located, op: string): void {
  mayWrite(context, op, located.path);
  if (!within(context, located.chain)) refuse(op, located.path, 'write', outside);
}

/** Adding, replacing or taking away a member of a folder; a credential's own limit stays where it is. */
export function mayBind(context: Context, place: Slot, op: string): void {
  const path = [...pathOf(place.parents), place.name];
  mayWrite(context, op, path);
  if (!within(context, place.parents)) refuse(op, path, 'write', outside);
}
