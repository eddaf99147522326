import { type ErrorCode, isStoreError } from '../core/error.ts';
import { formatPath, type Path, parsePath } from '../core/path.ts';
import type { DavRequest, Reply, Verb } from './verb.ts';
import { entryAt } from './visible.ts';
import { escapeXml } from './xml-write.ts';

/**
 * Wraps a verb that changes something: what a lock or the quota refused gets its precondition code (RFC 4918 §16,
 * RFC 4331 §6), and `statuses` are the verb's own exceptions. The rest is for the table that all doors share.
 */
export function refusing(verb: Verb, statuses: Partial<Record<ErrorCode, number>> = {}): Verb {
  return async (request) => {
    try {
      return await verb(request);
    } catch (error) {
      if (!isStoreError(error)) throw error;
      if (error.code === 'locked') return locked(request, error.blockers);
      if (error.code === 'no-space') return failed(507, '<D:quota-not-exceeded/>');
      const status = statuses[error.code];
      if (status === undefined) throw error;
      return refused(status, error.message);
    }
  };
}

/** 423 with the roots of the locks whose tokens were not submitted. */
export async function locked(request: DavRequest, blockers: readonly string[]): Promise<Reply> {
  return failed(423, await lockTokenSubmitted(request, blockers));
}

async function lockTokenSubmitted(request: DavRequest, blockers: readonly string[]): Promise<string> {
  const roots = blockers.length > 0 ? blockers : [formatPath(request.path)];
  return `<D:lock-token-submitted>${await hrefs(request, roots)}</D:lock-token-submitted>`;
}

/** One is enough for the client (RFC 4918 §16); a tree may hold thousands. */
export const namedMax = 100;

/** Paths of the workspace (`/home/a`) as `href` elements. */
export async function hrefs(request: DavRequest, paths: readonly string[]): Promise<string> {
  const named = paths.slice(0, namedMax).map((path) => hrefOf(request, parsePath(path)));
  return (await Promise.all(named)).map((href) => `<D:href>${escapeXml(href)}</D:href>`).join('');
}

export async function hrefOf(request: DavRequest, path: Path): Promise<string> {
  return request.urls.href(path, (await entryAt(request, path))?.kind === 'folder');
}

/** A status with the precondition code that explains it (RFC 4918 §16). */
export function failed(status: number, condition: string): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:">${condition}</D:error>`,
  };
}

/** A status with a sentence for people. */
export function refused(status: number, message: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: `${message}\n` };
}
