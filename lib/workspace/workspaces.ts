import type { Workspace, Workspaces } from '../core/contracts.ts';
import type { Principal } from '../core/values.ts';
import type { Context, WorkspaceOptions } from './context.ts';
import { lock, locksAt, locksBelow, refresh, unlock } from './locks.ts';
import { list, read, stat } from './read.ts';
import { copy, move, remove, restore } from './rearrange.ts';
import { annotate, check, mkdir, patch, truncate, write } from './write.ts';

/** Bodies up to this size wait in the catalog's transaction (64 KiB). */
const inlineLimit = 65_536;

/** Identity is bound here, once: every path that a workspace meets is authorised for this principal. */
export function workspaces(options: WorkspaceOptions): Workspaces {
  return { open: (principal) => workspace({ inlineLimit, ...options, principal }) };
}

function workspace(context: Context & { readonly principal: Principal }): Workspace {
  const { catalog, principal } = context;
  return {
    principal,
    stat: (at) => stat(context, at),
    list: (at, after) => list(context, at, after),
    read: (at, range) => read(context, at, range),
    check: (at, given) => check(context, at, given),
    write: (at, body, given) => write(context, at, body, given),
    patch: (at, offset, body, given) => patch(context, at, offset, body, given),
    truncate: (at, size, guard) => truncate(context, at, size, guard),
    mkdir: (at, guard) => mkdir(context, at, guard),
    move: (from, to, guard) => move(context, from, to, guard),
    copy: (from, to, guard) => copy(context, from, to, guard),
    remove: (at, guard) => remove(context, at, guard),
    annotate: (at, annotation, guard) => annotate(context, at, annotation, guard),
    usage: () => catalog.usage(principal.home),
    locks: (at) => locksAt(context, at),
    locksBelow: (at) => locksBelow(context, at),
    lock: (at, request) => lock(context, at, request),
    refresh: (at, token, timeout) => refresh(context, at, token, timeout),
    unlock: (at, token) => unlock(context, at, token),
    changes: (since, limit) => catalog.changes(principal.home, since, limit),
    trash: () => catalog.trash(principal.home),
    restore: (entry, to) => restore(context, entry, to),
  };
}
