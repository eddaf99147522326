import type { HeldLock } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { Entry } from '../core/values.ts';
import { multistatusEnd, type Plan, planOf, xmlType } from './multistatus.ts';
import { preferMinimal } from './prefer.ts';
import { type Asked, readAsked } from './propfind-body.ts';
import type { Surroundings } from './props.ts';
import type { ReadRequest, ReadVerb } from './read-request.ts';
import { failed } from './refusal.ts';
import { encodeName } from './urls.ts';

/** PROPFIND (RFC 4918 §9.1). */
export const propfind: ReadVerb = async (request) => {
  const depth = depthOf(request);
  if (depth === 'infinity') return failed(403, '<D:propfind-finite-depth/>');
  const asked = await readAsked(request.body, request.length);
  const minimal = request.headers.prefer !== undefined && preferMinimal(request);
  const plan = planFor(asked, minimal);
  const { entry, around } = await look(request, plan, depth);
  const deep = depth === 1 && entry.kind === 'folder';
  const href = request.urls.href(request.path, entry.kind === 'folder');
  const rootless = deep && /\bdepth-noroot\b/i.test(request.headers.prefer ?? '');
  const start = rootless ? plan.start : plan.start + plan.response(href, entry, around);
  const headers: Record<string, string> = { 'Content-Type': xmlType };
  const applied = [...(minimal ? ['return=minimal'] : []), ...(rootless ? ['depth-noroot'] : [])];
  if (applied.length > 0) headers['Preference-Applied'] = applied.join(', ');
  const body = deep ? await members(request, { plan, around, href, start }) : start + multistatusEnd;
  return { status: 207, headers, body };
};

/** Absent: 1, since RFC 4918's infinity is refused. */
function depthOf({ headers }: ReadRequest): 0 | 1 | 'infinity' {
  switch (headers.depth?.trim().toLowerCase()) {
    case '0':
      return 0;
    case undefined:
    case '1':
    case '1,noroot':
      return 1;
    case 'infinity':
      return 'infinity';
    default:
      throw new StoreError('invalid', { op: 'PROPFIND', message: 'Depth must be 0 or 1.' });
  }
}

/** Questions come from a small cache: each is made ready once. */
const plans = new WeakMap<Asked, Map<boolean, Plan>>();

function planFor(asked: Asked, minimal: boolean): Plan {
  const known = plans.get(asked) ?? new Map<boolean, Plan>();
  const plan = known.get(minimal) ?? planOf(asked, minimal);
  if (known.size === 0) plans.set(asked, known);
  known.set(minimal, plan);
  return plan;
}

const noLocks: readonly HeldLock[] = [];

interface Found {
  readonly entry: Entry;
  readonly around: Surroundings;
}

/** All at the same time, since each may be a way to a database and back. */
async function look(request: ReadRequest, plan: Plan, depth: 0 | 1): Promise<Found> {
  const { workspace, urls, now, path } = request;
  const { principal } = workspace;
  const locks = plan.needs.has('locks');
  const [entry, usage, covering, below] = await Promise.all([
    workspace.stat({ path }),
    plan.needs.has('usage') ? workspace.usage() : undefined,
    locks ? workspace.locks({ path }) : noLocks,
    locks && depth === 1 ? workspace.locksBelow({ path }) : undefined,
  ]);
  const nameOf = (entry: Entry) => (entry.id === principal.home ? principal.login : entry.name);
  const common = { principal, urls, now, usage, nameOf };
  return { entry, around: { ...common, locksOf: locks ? locksOf(entry, covering, below) : () => noLocks } };
}

/** Locks that cover an entry of the listing, once each; `covering` are those of the resource that was asked for. */
function locksOf(
  top: Entry,
  covering: readonly HeldLock[],
  below?: ReadonlyMap<string, readonly HeldLock[]>,
): Surroundings['locksOf'] {
  const inherited = covering.filter((lock) => lock.depth === 'infinity');
  if (covering.length === 0 && (below?.size ?? 0) === 0) return () => noLocks;
  return (entry) => {
    if (entry.id === top.id) return covering;
    const own = below?.get(entry.id) ?? noLocks;
    return [...inherited.filter((lock) => !own.some((one) => one.token === lock.token)), ...own];
  };
}

interface Listing {
  readonly plan: Plan;
  readonly around: Surroundings;
  /** Of the folder, with its slash. */
  readonly href: string;
  readonly start: string;
}

/** Characters that go out together; less at the beginning, so that the first page of the catalog is enough for it. */
const firstLength = 8_192;
const chunkLength = 32_768;

/** A short listing in one piece; of a long one the beginning at once, and the rest page by page. */
async function members(request: ReadRequest, listing: Listing): Promise<string | AsyncIterable<string>> {
  const chunks = chunked(request, listing);
  const first = await chunks.next();
  const start = first.value ?? '';
  const second = start.length < firstLength ? await chunks.next() : undefined;
  if (second?.done === true) return start;
  return following(start, second?.value ?? '', chunks);
}

/** No generator: one that nobody began to read would not close what it holds. */
function following(
  start: string,
  second: string,
  rest: AsyncGenerator<string>,
): AsyncIterableIterator<string> {
  const ready = second === '' ? [start] : [second, start];
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const value = ready.pop();
      return value === undefined ? rest.next() : { done: false, value };
    },
    return: () => rest.return(undefined),
  };
}

async function* chunked(
  request: ReadRequest,
  { plan, around, href, start }: Listing,
): AsyncGenerator<string> {
  let text = start;
  let length = firstLength;
  for await (const page of pages(request)) {
    for (const entry of page) {
      const end = entry.kind === 'folder' ? '/' : '';
      text += plan.response(href + encodeName(entry.name) + end, entry, around);
      if (text.length < length) continue;
      yield text;
      text = '';
      length = chunkLength;
    }
  }
  yield text + multistatusEnd;
}

/** A folder that goes while it is looked at ends early: the client sees what was there. */
async function* pages(request: ReadRequest): AsyncGenerator<readonly Entry[]> {
  try {
    yield* request.workspace.list({ path: request.path });
  } catch (error) {
    if (!isStoreError(error, 'not-found')) throw error;
  }
}
