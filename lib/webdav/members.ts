import { formatPath } from '../core/path.ts';
import { hrefOf, hrefs, namedMax } from './refusal.ts';
import type { DavRequest, Reply } from './verb.ts';
import { escapeXml } from './xml-write.ts';

/** True when what stands in the way is all below the resource of the request. */
export function allInside(request: DavRequest, blockers: readonly string[]): boolean {
  const above = `${formatPath(request.path)}/`;
  return blockers.length > 0 && blockers.every((path) => path.startsWith(above));
}

/**
 * 207 that names the members whose locks stand in the way (RFC 4918 §9.6.1, §9.10.3); where `dependent`, also the
 * resource of the request, as 424.
 */
export async function membersLocked(
  request: DavRequest,
  blockers: readonly string[],
  condition: 'lock-token-submitted' | 'no-conflicting-lock',
  dependent: boolean,
): Promise<Reply> {
  const members = blockers.slice(0, namedMax).map(async (path) => {
    const roots = await hrefs(request, [path]);
    return response(roots, '423 Locked', `<D:error><D:${condition}>${roots}</D:${condition}></D:error>`);
  });
  const responses = await Promise.all(members);
  if (dependent) {
    const own = escapeXml(await hrefOf(request, request.path));
    responses.push(response(`<D:href>${own}</D:href>`, '424 Failed Dependency', ''));
  }
  return {
    status: 207,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">${responses.join('')}</D:multistatus>`,
  };
}

const response = (href: string, status: string, error: string): string =>
  `<D:response>${href}<D:status>HTTP/1.1 ${status}</D:status>${error}</D:response>`;
