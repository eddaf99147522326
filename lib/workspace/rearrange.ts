import type { Guard, Written } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Address, Entry } from '../core/values.ts';
import { mayBind, mayRead } from './access.ts';
import { asSeen, existing, type Located, locate, type Slot, slot } from './address.ts';
import { changeOf, checkExpect } from './change.ts';
import type { Context } from './context.ts';
import { checkLocks, retrying, type Touch } from './locking.ts';

/** A destination: what is there is replaced with all below it, so its whole tree must be free of locks. */
async function destination(context: Context, to: Address, guard: Guard, op: string) {
  const located = await locate(context, to, op);
  const place = slot(located, op);
  mayBind(context, place, op);
  checkExpect(place.entry, guard.expect, op, located.path);
  const touch: Touch =
    place.entry === undefined ? { members: [place.parents] } : { trees: [[...place.parents, place.entry]] };
  return { located, place, touch };
}

function notInside(source: Located, entry: Entry, place: Slot, op: string): void {
  const same = place.entry?.id === entry.id;
  if (!same && !place.parents.some((above) => above.id === entry.id)) return;
  const message = `${formatPath(source.path)} cannot be ${op === 'move' ? 'moved' : 'copied'} onto or below itself.`;
  throw new StoreError('invalid', { op, path: formatPath(source.path), message });
}

export function move(context: Context, from: Address, to: Address, guard: Guard = {}): Promise<Written> {
  return retrying(async () => {
    const source = await locate(context, from, 'move');
    const place = slot(source, 'move');
    mayBind(context, place, 'move');
    const entry = existing(source, 'move');
    checkExpect(entry, guard.source, 'move', source.path);
    const target = await destination(context, to, guard, 'move');
    notInside(source, entry, target.place, 'move');
    const touch: Touch = {
      members: [place.parents, ...(target.touch.members ?? [])],
      trees: [source.chain, ...(target.touch.trees ?? [])],
    };
    const proof = await checkLocks(context, touch, guard.tokens ?? [], 'move');
    const spot = { parent: target.place.parent.id, name: renamed(target.place, target.located) };
    return context.catalog.move(entry.id, spot, changeOf(context, guard, proof));
  }, 'move');
}

/** An entry that stands there under another spelling keeps its name when it is replaced. */
function renamed(place: Slot, located: Located): string {
  return place.entry === undefined ? place.name : (located.path.at(-1) ?? place.name);
}

export function copy(
  context: Context,
  from: Address,
  to: Address,
  guard: Guard & { readonly shallow?: boolean } = {},
): Promise<Written> {
  return retrying(async () => {
    const source = await locate(context, from, 'copy');
    const entry = existing(source, 'copy');
    checkExpect(entry, guard.source, 'copy', source.path);
    if ((await mayRead(context, source, 'copy')) !== undefined) {
      const message = 'This credential is limited to a part of that folder.';
      throw new StoreError('denied', { op: 'copy', path: formatPath(source.path), scope: 'read', message });
    }
    const target = await destination(context, to, guard, 'copy');
    if (guard.shallow !== true || entry.kind === 'file') notInside(source, entry, target.place, 'copy');
    const proof = await checkLocks(context, target.touch, guard.tokens ?? [], 'copy');
    const spot = { parent: target.place.parent.id, name: target.place.name };
    const change = changeOf(context, guard, proof);
    return context.catalog.copy(entry.id, spot, { ...change, shallow: guard.shallow ?? false });
  }, 'copy');
}

export function remove(context: Context, at: Address, guard: Guard = {}): Promise<void> {
  return retrying(async () => {
    const located = await locate(context, at, 'remove');
    const place = slot(located, 'remove');
    mayBind(context, place, 'remove');
    const entry = existing(located, 'remove');
    checkExpect(entry, guard.expect, 'remove', located.path);
    const touch: Touch = { members: [place.parents], trees: [located.chain] };
    const proof = await checkLocks(context, touch, guard.tokens ?? [], 'remove');
    await context.catalog.remove(entry.id, changeOf(context, guard, proof));
  }, 'remove');
}

/** Out of the trash, to where it was or to a new place. */
export function restore(context: Context, id: string, to: Address | undefined): Promise<Entry> {
  return retrying(async () => {
    const record = (await context.catalog.trash(context.principal.home)).find((one) => one.entry.id === id);
    if (record === undefined) throw new StoreError('not-found', { op: 'restore', path: id });
    const { parent, name } = record;
    const at = to ?? { from: parent, path: [name as Slot['name']] };
    const target = await destination(context, at, { expect: 'absent' }, 'restore');
    const proof = await checkLocks(context, target.touch, [], 'restore');
    const spot = { parent: target.place.parent.id, name: target.place.name };
    return asSeen(await context.catalog.restore(id, spot, changeOf(context, {}, proof)));
  }, 'restore');
}
