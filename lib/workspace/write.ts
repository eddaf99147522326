import type { Guard, WriteOptions, Written } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Address, Body, Entry, Props } from '../core/values.ts';
import { mayBind, mayChange } from './access.ts';
import { asSeen, existing, locate, slot } from './address.ts';
import { prepare } from './bytes.ts';
import { changeOf, checkExpect } from './change.ts';
import type { Context } from './context.ts';
import { checkLocks, heldLocks, type LockProof, retrying, type Touch } from './locking.ts';
import { checkRoom } from './quota.ts';

/** Where a body may go, once everything that can be said before it was said. */
async function target(context: Context, at: Address, options: WriteOptions, op: string) {
  const [located, held] = await Promise.all([locate(context, at, op), heldLocks(context)]);
  const place = slot(located, op);
  const { entry, parents } = place;
  if (entry === undefined) mayBind(context, place, op);
  else mayChange(context, located, op);
  if (entry?.kind === 'folder') throw new StoreError('is-folder', { op, path: formatPath(located.path) });
  checkExpect(entry, options.expect, op, located.path);
  const touch: Touch = entry === undefined ? { members: [parents] } : { states: [located.chain] };
  const proof = await checkLocks(context, touch, options.tokens ?? [], op, held);
  return { located, place, proof };
}

type Target = Awaited<ReturnType<typeof target>>;

function room(context: Context, { located, place }: Target, options: WriteOptions): Promise<void> {
  return checkRoom(context, (options.size ?? 0) - (place.entry?.size ?? 0), 'write', located.path);
}

export async function check(context: Context, at: Address, options: WriteOptions = {}): Promise<void> {
  await room(context, await target(context, at, options, 'write'), options);
}

/**
 * Stage, verify, publish: whatever fails before the last step leaves the old file. The look before the body serves for
 * the first try at publishing, too: it names the folder by its id, and the catalog finds out what came between.
 */
export async function write(
  context: Context,
  at: Address,
  body: Body,
  options: WriteOptions = {},
): Promise<Written> {
  let first: Target | undefined = await target(context, at, options, 'write');
  // One that is there already is counted by the catalog alone.
  if (!(body instanceof Uint8Array)) await room(context, first, options);
  const bytes = await prepare(context, body, options, 'write');
  return retrying(async () => {
    const looked = first;
    first = undefined;
    const { place, proof } = looked ?? (await target(context, at, options, 'write'));
    const draft = {
      parent: place.parent.id,
      name: place.name,
      version: bytes.version,
      size: bytes.size,
      extents: bytes.extents,
      modified: options.modified ?? context.clock(),
      checksums: bytes.checksums,
      ...(bytes.body === undefined ? {} : { body: bytes.body }),
      ...(options.mime === undefined ? {} : { mime: options.mime }),
      ...(options.mode === undefined ? {} : { mode: options.mode }),
    };
    const put = context.catalog.put(draft, changeOf(context, options, proof));
    return looked === undefined ? put : put.catch(lookAgain);
  }, 'write');
}

/** The folder went while the body came; there may be another of its name. */
function lookAgain(error: unknown): never {
  if (isStoreError(error, 'not-found')) throw new StoreError('conflict', { op: 'write', cause: error });
  throw error;
}

/** An existing file that may change, with the proof that no lock stands in the way. */
async function changeable(context: Context, at: Address, guard: Guard, op: string) {
  const [located, held] = await Promise.all([locate(context, at, op), heldLocks(context)]);
  mayChange(context, located, op);
  const entry = existing(located, op);
  checkExpect(entry, guard.expect, op, located.path);
  const proof = await checkLocks(context, { states: [located.chain] }, guard.tokens ?? [], op, held);
  return { entry, located, proof };
}

function onlyFile(entry: Entry, path: readonly string[], op: string): void {
  if (entry.kind === 'folder') throw new StoreError('is-folder', { op, path: formatPath(path) });
}

export async function patch(
  context: Context,
  at: Address,
  offset: number | 'append',
  body: Body,
  options: WriteOptions = {},
): Promise<Entry> {
  const first = await changeable(context, at, options, 'patch');
  onlyFile(first.entry, first.located.path, 'patch');
  const end = (offset === 'append' ? first.entry.size : offset) + (options.size ?? 0);
  await checkRoom(context, end - first.entry.size, 'patch', first.located.path);
  const bytes = await prepare(context, body, options, 'patch');
  const { body: small } = bytes;
  return splice(context, at, options, 'patch', {
    offset,
    extents: bytes.extents,
    ...(small === undefined ? {} : { body: small }),
    ...(options.modified === undefined ? {} : { modified: options.modified }),
  });
}

export async function truncate(
  context: Context,
  at: Address,
  size: number,
  guard: Guard = {},
): Promise<Entry> {
  return splice(context, at, guard, 'truncate', { offset: size, extents: [], size });
}

interface Piece {
  readonly offset: number | 'append';
  readonly extents: Parameters<Context['catalog']['splice']>[1]['extents'];
  readonly body?: Uint8Array;
  readonly size?: number;
  readonly modified?: number;
}

function splice(context: Context, at: Address, guard: Guard, op: string, piece: Piece): Promise<Entry> {
  return retrying(async () => {
    const { entry, located, proof } = await changeable(context, at, guard, op);
    onlyFile(entry, located.path, op);
    const version = `p${context.ids()}`;
    const change = changeOf(context, guard, proof);
    return context.catalog.splice(entry.id, { modified: context.clock(), ...piece, version }, change);
  }, op);
}

export function mkdir(
  context: Context,
  at: Address,
  guard: Guard & { readonly props?: Props } = {},
): Promise<Entry> {
  return retrying(async () => {
    const located = await locate(context, at, 'mkdir');
    if (located.missing.length === 0) {
      throw new StoreError('exists', { op: 'mkdir', path: formatPath(located.path) });
    }
    const place = slot(located, 'mkdir');
    mayBind(context, place, 'mkdir');
    const proof: LockProof = await checkLocks(
      context,
      { members: [place.parents] },
      guard.tokens ?? [],
      'mkdir',
    );
    const { props } = guard;
    const draft = { parent: place.parent.id, name: place.name, modified: context.clock() };
    return context.catalog.mkdir(
      props === undefined ? draft : { ...draft, props },
      changeOf(context, guard, proof),
    );
  }, 'mkdir');
}

export function annotate(
  context: Context,
  at: Address,
  annotation: Parameters<Context['catalog']['annotate']>[1],
  guard: Guard = {},
): Promise<Entry> {
  return retrying(async () => {
    const { entry, proof } = await changeable(context, at, guard, 'annotate');
    const changed = await context.catalog.annotate(entry.id, annotation, changeOf(context, guard, proof));
    return asSeen(changed);
  }, 'annotate');
}
