import { formatPath } from '../core/path.ts';
import { contentReply } from '../http/content.ts';
import { listing } from './listing.ts';
import type { ReadVerb } from './read-request.ts';

/** GET and HEAD: a file as all doors give it, a folder as a page for a browser. */
export const get: ReadVerb = (request) => {
  const { headers, method, path, workspace } = request;
  return contentReply({
    method,
    headers,
    path: formatPath(path),
    stat: () => workspace.stat({ path }),
    read: (range) => workspace.read({ path }, range),
    folder: (entry) => listing(request, entry),
  });
};
