import type { HeldLock } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { toPath } from '../core/path.ts';
import { depthOf } from './depth.ts';
import { guardOf } from './guard.ts';
import { activeLock, lockBody } from './lock-xml.ts';
import { allInside, membersLocked } from './members.ts';
import { failed, hrefOf, hrefs, refusing } from './refusal.ts';
import { parseTimeout } from './timeout.ts';
import type { DavRequest, Reply, Verb } from './verb.ts';
import { elementsOf, innerXml, type XmlElement } from './xml-element.ts';
import { parseXml } from './xml-read.ts';

/** LOCK (RFC 4918 §9.10): with a body a new lock, without one a refresh of the lock that `If` names. */
export const lock: Verb = refusing(
  async (request) => {
    const body = request.length === 0 ? undefined : await parseXml(request.body);
    return body === undefined ? refresh(request) : create(request, body);
  },
  { 'not-found': 409 },
);

async function create(request: DavRequest, body: XmlElement): Promise<Reply> {
  const { scope, owner } = lockInfo(body);
  const depth = depthOf(request);
  const { tokens = [] } = await guardOf(request);
  const timeout = parseTimeout(request.headers.timeout);
  try {
    const { lock: made, created } = await request.workspace.lock(
      { path: request.path },
      { depth, scope, owner, timeout, tokens },
    );
    return granted(request, made, created ? 201 : 200, { 'Lock-Token': `<${made.token}>` });
  } catch (error) {
    if (!isStoreError(error, 'locked')) throw error;
    if (allInside(request, error.blockers))
      return membersLocked(request, error.blockers, 'no-conflicting-lock', true);
    const roots = await hrefs(request, error.blockers);
    return failed(423, `<D:no-conflicting-lock>${roots}</D:no-conflicting-lock>`);
  }
}

function lockInfo(body: XmlElement): { readonly scope: 'exclusive' | 'shared'; readonly owner: string } {
  const child = (name: string) => elementsOf(body).find((one) => one.name === `{DAV:}${name}`);
  const has = (parent: XmlElement | undefined, name: string) =>
    parent !== undefined && elementsOf(parent).some((one) => one.name === `{DAV:}${name}`);
  const scope = child('lockscope');
  const exclusive = has(scope, 'exclusive');
  const valid = body.name === '{DAV:}lockinfo' && has(child('locktype'), 'write');
  if (!valid || exclusive === has(scope, 'shared')) {
    throw new StoreError('invalid', {
      message: 'LOCK needs a DAV:lockinfo with one scope and the type write.',
    });
  }
  const owner = child('owner');
  const text = owner === undefined ? '' : innerXml(owner);
  if (text.length > ownerMax)
    throw new StoreError('too-large', { message: 'The owner of the lock is too long.' });
  return { scope: exclusive ? 'exclusive' : 'shared', owner: text };
}

const ownerMax = 8_192;

/** The same token with a new expiry (§9.10.2); Depth means nothing here. */
async function refresh(request: DavRequest): Promise<Reply> {
  const { tokens = [] } = await guardOf(request);
  if (tokens.length === 0) {
    const message = 'LOCK needs a DAV:lockinfo; or, to refresh a lock, an If header with its token.';
    throw new StoreError('invalid', { message });
  }
  const at = { path: request.path };
  const held = (await request.workspace.locks(at)).find((one) => tokens.includes(one.token));
  if (held === undefined) return failed(412, '<D:lock-token-matches-request-uri/>');
  const timeout = parseTimeout(request.headers.timeout);
  return granted(request, await request.workspace.refresh(at, held.token, timeout), 200);
}

async function granted(request: DavRequest, held: HeldLock, status: 200 | 201, headers = {}): Promise<Reply> {
  const root = await hrefOf(request, toPath(held.path));
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/xml; charset="utf-8"' },
    body: lockBody(activeLock(held, root, request.now)),
  };
}
