import type { Path } from '../core/path.ts';
import { aboveHomes } from './above-homes.ts';
import { copy } from './copy.ts';
import { remove } from './delete.ts';
import { get } from './get.ts';
import { lock } from './lock.ts';
import { mkcol } from './mkcol.ts';
import { move } from './move.ts';
import { allow } from './options.ts';
import { patch } from './patch.ts';
import { propfind } from './propfind.ts';
import { proppatch } from './proppatch.ts';
import { put } from './put.ts';
import type { ReadVerb } from './read-request.ts';
import { refused } from './refusal.ts';
import { report } from './report.ts';
import { unlock } from './unlock.ts';
import type { DavRequest, Reply, Verb } from './verb.ts';

const reading: ReadonlyMap<string, ReadVerb> = new Map([
  ['GET', get],
  ['HEAD', get],
  ['PROPFIND', propfind],
  ['REPORT', report],
]);

const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ...reading,
  ['PUT', put],
  ['PATCH', patch],
  ['DELETE', remove],
  ['MKCOL', mkcol],
  ['COPY', copy],
  ['MOVE', move],
  ['LOCK', lock],
  ['UNLOCK', unlock],
  ['PROPPATCH', proppatch],
]);

export function dispatch(request: DavRequest): Promise<Reply> {
  const verb = verbs.get(request.method);
  return verb === undefined ? Promise.resolve(notAllowed(request.method, false)) : verb(request);
}

/** For `/` and the folders that lead to the homes. */
export function dispatchAbove(request: DavRequest, names: Path, prefix: Path): Promise<Reply> {
  const verb = reading.get(request.method);
  if (verb === undefined) return Promise.resolve(notAllowed(request.method, true));
  return verb(aboveHomes(request, names, prefix));
}

function notAllowed(method: string, readOnly: boolean): Reply {
  const reply = refused(405, `${JSON.stringify(method)} is not possible here.`);
  return { ...reply, headers: { ...reply.headers, Allow: allow(readOnly) } };
}
