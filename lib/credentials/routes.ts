import { StoreError } from '../core/error.ts';
import { HttpError } from '../http/errors.ts';
import { describedBy } from '../http/protected-resource.ts';
import type { Answer } from './asked.ts';
import { download, makeDownload } from './downloads.ts';
import { metadata } from './metadata.ts';
import { makeMount, renewMount } from './mounts.ts';
import { revoke } from './revoke.ts';
import { makeTicket } from './tickets.ts';

export const prefix = '/api/hearth/v1/';

interface Route {
  /** What comes after the prefix; `rest` are its groups. */
  readonly path: RegExp;
  readonly verbs: Readonly<Record<string, Answer>>;
}

const routes: readonly Route[] = [
  { path: /^tickets$/, verbs: { POST: makeTicket } },
  { path: /^mounts$/, verbs: { POST: makeMount } },
  { path: /^mounts\/renew$/, verbs: { POST: renewMount } },
  { path: /^mounts\/([^/]+)$/, verbs: { DELETE: revoke('mount') } },
  { path: /^downloads$/, verbs: { POST: makeDownload } },
  { path: /^downloads\/([^/]+)$/, verbs: { DELETE: revoke('download') } },
  { path: /^downloads\/([0-9a-f]{24})\/([^/]+)$/, verbs: { GET: download, HEAD: download } },
];

/** Whether a path is this door's. */
export const claims = (path: string): boolean =>
  describedBy(path) !== undefined || /^\/api\/hearth\/v1\/(?:tickets|mounts|downloads)(?:\/|$)/.test(path);

export interface Found {
  readonly answer: Answer;
  readonly rest: readonly string[];
}

/** Throws `not-found`, and 405 for a method that the place does not have. */
export function routeOf(method: string, path: string): Found {
  if (describedBy(path) !== undefined) {
    const answer = metadata(path);
    return { answer: verbOf(method, { GET: answer, HEAD: answer }), rest: [] };
  }
  for (const route of routes) {
    const match = route.path.exec(path.slice(prefix.length));
    if (match !== null) return { answer: verbOf(method, route.verbs), rest: match.slice(1).map(decode) };
  }
  throw new StoreError('not-found', { message: 'There is no such place.' });
}

function verbOf(method: string, verbs: Route['verbs']): Answer {
  const answer = Object.hasOwn(verbs, method) ? verbs[method] : undefined;
  if (answer !== undefined) return answer;
  throw new MethodError(Object.keys(verbs));
}

export class MethodError extends HttpError {
  readonly allow: string;

  constructor(allowed: readonly string[]) {
    super(405, 'unsupported', `Only ${allowed.join(' and ')} can be used here.`);
    this.allow = allowed.join(', ');
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new StoreError('invalid', { message: 'The URL has a malformed %-escape.', cause });
  }
}
