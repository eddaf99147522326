/** The one place where the conditions of a request become what the workspace checks at commit. */
import type { Guard } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath, type Path } from '../core/path.ts';
import type { Entry, Expect } from '../core/values.ts';
import { conditional, evaluate } from '../http/conditional.ts';
import { evaluateIf, type IfList, parseIf, type ResourceState, submitted } from './if-header.ts';
import { type DavRequest, etag } from './verb.ts';
import { entryAt, visible } from './visible.ts';

type Seen = Map<string, Promise<Entry | undefined>>;

/**
 * Evaluates `If`, `If-Match` and its kin, and (where `target` is a destination) `Overwrite`. False: `stale`.
 * `expect` is about `target`, `source` about the request's own path; both are checked again at commit.
 */
export async function guardOf(request: DavRequest, target?: Path): Promise<Guard> {
  const { headers } = request;
  const seen: Seen = new Map();
  const lists = headers.if === undefined ? [] : parseIf(headers.if);
  if (lists.length > 0) await mustHold(request, lists, seen);
  const pinned = await pin(seen.get(key(request.path)));
  const own = conditional(headers) ? evaluate(headers, await look(request, request.path, seen)) : undefined;
  const here = pinned ?? own;
  const expect = target === undefined ? here : (overwrite(request) ?? (await pin(seen.get(key(target)))));
  const source = target === undefined ? undefined : here;
  return {
    tokens: submitted(lists),
    ...(expect === undefined ? {} : { expect }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Only entity tags were looked at: the same must be there at commit. */
async function pin(entry: Promise<Entry | undefined> | undefined): Promise<Expect | undefined> {
  return entry === undefined ? undefined : ((await entry)?.version ?? 'absent');
}

/** `Overwrite: F` (RFC 4918 §10.6). */
function overwrite(request: DavRequest): Expect | undefined {
  const header = request.headers.overwrite?.trim().toUpperCase() ?? 'T';
  if (header === 'F') return 'absent';
  if (header === 'T') return undefined;
  throw new StoreError('invalid', { message: 'Overwrite must be T or F.' });
}

async function mustHold(request: DavRequest, lists: readonly IfList[], seen: Seen): Promise<void> {
  const states = new Map<string | null, ResourceState>();
  const stateOf = (resource: string | null): ResourceState => {
    const known = states.get(resource) ?? gather(request, place(request, resource), seen);
    states.set(resource, known);
    return known;
  };
  if (await evaluateIf(lists, stateOf)) return;
  const message =
    'The If header does not hold: a lock ended, or the resource was changed; look again and retry.';
  throw new StoreError('stale', { path: formatPath(request.path), message });
}

/** Undefined for what is on another server, or in a home of somebody else: it has no state here. */
function place(request: DavRequest, resource: string | null): Path | undefined {
  if (resource === null) return request.path;
  try {
    const found = request.urls.parse(resource);
    return found === 'foreign' ? undefined : found.path;
  } catch (error) {
    if (isStoreError(error, 'not-found', 'denied')) return undefined;
    throw error;
  }
}

function gather(request: DavRequest, path: Path | undefined, seen: Seen): ResourceState {
  if (path === undefined) return { etag: async () => undefined, tokens: async () => [] };
  let tokens: Promise<readonly string[]> | undefined;
  return {
    etag: async () => {
      const entry = await look(request, path, seen);
      return entry === undefined ? undefined : etag(entry.version);
    },
    tokens: () => {
      tokens ??= lockTokens(request, path);
      return tokens;
    },
  };
}

async function lockTokens(request: DavRequest, path: Path): Promise<readonly string[]> {
  return (await visible(request.workspace.locks({ path })))?.map((lock) => lock.token) ?? [];
}

const key = (path: Path): string => path.join('/').normalize('NFC');

function look(request: DavRequest, path: Path, seen: Seen): Promise<Entry | undefined> {
  const known = seen.get(key(path)) ?? entryAt(request, path);
  seen.set(key(path), known);
  return known;
}
