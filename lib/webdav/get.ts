import type { Content } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Entry } from '../core/values.ts';
import { conditional, evaluateRead, rangeHolds } from '../http/conditional.ts';
import { httpDate } from '../http/dates.ts';
import { contentRange, multipart, parseRanges, type Span } from '../http/ranges.ts';
import { listing } from './listing.ts';
import { mayBeActive, mediaType } from './media-type.ts';
import { checksumText } from './props.ts';
import type { ReadRequest, ReadVerb } from './read-request.ts';
import { refused } from './refusal.ts';
import { etag, type Reply } from './verb.ts';

/** GET and HEAD (RFC 9110 §9.3.1): bytes of one version, with the headers of that version. */
export const get: ReadVerb = async (request) => {
  const { headers, method, path, workspace } = request;
  if (method === 'GET' && headers.range === undefined && !conditional(headers)) {
    try {
      return whole(await workspace.read({ path }));
    } catch (error) {
      if (!isStoreError(error, 'is-folder')) throw error;
    }
  }
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const reply = await selected(request, await workspace.stat({ path }));
    if (reply !== undefined) return reply;
  }
  const message = `${formatPath(path)} changes too fast; try again.`;
  throw new StoreError('unavailable', { op: 'read', path: formatPath(path), message });
};

const attempts = 4;

/** Undefined: another version was published after `entry` was looked at. */
async function selected(request: ReadRequest, entry: Entry): Promise<Reply | undefined> {
  if (entry.kind === 'folder') return listing(request, entry);
  const { headers, method } = request;
  const { outcome } = evaluateRead(headers, entry);
  if (outcome === 'not-modified') return { status: 304, headers: validators(entry) };
  if (outcome === 'failed') return refused(412, 'The file is another version than the request expects.');
  if (method === 'HEAD')
    return { status: 200, headers: { ...describe(entry), 'Content-Length': entry.size } };
  const ranges = rangeHolds(headers['if-range'], entry) ? parseRanges(headers.range, entry.size) : 'ignore';
  if (ranges === 'unsatisfiable') return outside(entry);
  if (ranges === 'ignore') {
    const content = await request.workspace.read({ path: request.path });
    return (await sameVersion(content, entry)) ? whole(content) : undefined;
  }
  const [span] = ranges;
  return ranges.length === 1 && span !== undefined
    ? part(request, entry, span)
    : parts(request, entry, ranges);
}

function validators(entry: Entry): Record<string, string | number> {
  return {
    ETag: etag(entry.version),
    'Last-Modified': httpDate(entry.modified),
    'Cache-Control': 'private, no-cache',
  };
}

function describe(entry: Entry): Record<string, string | number> {
  const type = mediaType(entry);
  const headers = validators(entry);
  headers['Content-Type'] = type;
  headers['Accept-Ranges'] = 'bytes';
  headers['X-Content-Type-Options'] = 'nosniff';
  // A page that someone uploaded must not act as us: it gets an origin of its own, and no scripts.
  if (mayBeActive(type)) headers['Content-Security-Policy'] = 'sandbox';
  const checksum = checksumText(entry);
  if (checksum !== undefined) headers['OC-Checksum'] = checksum.split(' ', 1)[0]!;
  return headers;
}

function whole({ entry, body }: Content): Reply {
  const headers = describe(entry);
  headers['Content-Length'] = entry.size;
  return { status: 200, headers, body };
}

function outside(entry: Entry): Reply {
  const reply = refused(416, `The file has only ${entry.size} bytes.`);
  return { ...reply, headers: { ...reply.headers, 'Content-Range': `bytes */${entry.size}` } };
}

async function part(request: ReadRequest, entry: Entry, span: Span): Promise<Reply | undefined> {
  const content = await readPart(request, entry, span);
  if (content === undefined) return undefined;
  const headers = describe(entry);
  headers['Content-Range'] = contentRange(span, entry.size);
  headers['Content-Length'] = span.length;
  // It is of the whole.
  delete headers['OC-Checksum'];
  return { status: 206, headers, body: content.body };
}

function parts(request: ReadRequest, entry: Entry, spans: readonly Span[]): Reply {
  const content = { size: entry.size, type: mediaType(entry) };
  const { type, length, body } = multipart(spans, content, async (span) => {
    const opened = await readPart(request, entry, span);
    if (opened === undefined)
      throw new StoreError('conflict', { op: 'read', message: 'The file changed meanwhile.' });
    return opened.body;
  });
  const headers = describe(entry);
  headers['Content-Type'] = type;
  headers['Content-Length'] = length;
  delete headers['OC-Checksum'];
  return { status: 206, headers, body };
}

async function readPart(request: ReadRequest, entry: Entry, span: Span): Promise<Content | undefined> {
  try {
    const content = await request.workspace.read({ path: request.path }, span);
    return (await sameVersion(content, entry)) ? content : undefined;
  } catch (error) {
    // The range was within the content a moment ago.
    if (isStoreError(error, 'invalid')) return undefined;
    throw error;
  }
}

async function sameVersion({ entry, body }: Content, expected: Entry): Promise<boolean> {
  if (entry.version === expected.version) return true;
  if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
  return false;
}
