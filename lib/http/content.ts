/** GET and HEAD of a file (RFC 9110 §9.3.1): bytes of one version, with the headers of that version. */
import type { Content } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { ByteRange, Entry } from '../core/values.ts';
import { conditional, evaluateRead, rangeHolds } from './conditional.ts';
import { httpDate } from './dates.ts';
import { mayBeActive, mediaType } from './media-type.ts';
import { contentRange, multipart, parseRanges, type Span } from './ranges.ts';

export interface ContentSource {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** For messages. */
  readonly path: string;
  stat(): Promise<Entry>;
  read(range?: ByteRange): Promise<Content>;
  /** What is answered where there is a folder. */
  folder(entry: Entry): ContentReply;
}

export interface ContentReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array | string>;
}

export async function contentReply(source: ContentSource): Promise<ContentReply> {
  const { headers, method, path } = source;
  if (method === 'GET' && headers.range === undefined && !conditional(headers)) {
    try {
      return whole(await source.read());
    } catch (error) {
      if (!isStoreError(error, 'is-folder')) throw error;
    }
  }
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const reply = await selected(source, await source.stat());
    if (reply !== undefined) return reply;
  }
  const message = `${path} changes too fast; try again.`;
  throw new StoreError('unavailable', { op: 'read', path, message });
}

const attempts = 4;

/** Undefined: another version was published after `entry` was looked at. */
async function selected(source: ContentSource, entry: Entry): Promise<ContentReply | undefined> {
  if (entry.kind === 'folder') return source.folder(entry);
  const { headers, method } = source;
  const { outcome } = evaluateRead(headers, entry);
  if (outcome === 'not-modified') return { status: 304, headers: validators(entry) };
  if (outcome === 'failed') return refused(412, 'The file is another version than the request expects.');
  if (method === 'HEAD')
    return { status: 200, headers: { ...describe(entry), 'Content-Length': entry.size } };
  const ranges = rangeHolds(headers['if-range'], entry) ? parseRanges(headers.range, entry.size) : 'ignore';
  if (ranges === 'unsatisfiable') return outside(entry);
  if (ranges === 'ignore') {
    const content = await source.read();
    return (await sameVersion(content, entry)) ? whole(content) : undefined;
  }
  const [span] = ranges;
  return ranges.length === 1 && span !== undefined ? part(source, entry, span) : parts(source, entry, ranges);
}

function validators(entry: Entry): Record<string, string | number> {
  return {
    ETag: `"${entry.version}"`,
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

function whole({ entry, body }: Content): ContentReply {
  const headers = describe(entry);
  headers['Content-Length'] = entry.size;
  return { status: 200, headers, body };
}

function outside(entry: Entry): ContentReply {
  const reply = refused(416, `The file has only ${entry.size} bytes.`);
  return { ...reply, headers: { ...reply.headers, 'Content-Range': `bytes */${entry.size}` } };
}

async function part(source: ContentSource, entry: Entry, span: Span): Promise<ContentReply | undefined> {
  const content = await readPart(source, entry, span);
  if (content === undefined) return undefined;
  const headers = describe(entry);
  headers['Content-Range'] = contentRange(span, entry.size);
  headers['Content-Length'] = span.length;
  // It is of the whole.
  delete headers['OC-Checksum'];
  return { status: 206, headers, body: content.body };
}

function parts(source: ContentSource, entry: Entry, spans: readonly Span[]): ContentReply {
  const content = { size: entry.size, type: mediaType(entry) };
  const { type, length, body } = multipart(spans, content, async (span) => {
    const opened = await readPart(source, entry, span);
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

async function readPart(source: ContentSource, entry: Entry, span: Span): Promise<Content | undefined> {
  try {
    const content = await source.read(span);
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

function refused(status: number, message: string): ContentReply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: `${message}\n` };
}

/** ownCloud's names, the one that clients check first. */
const algorithms = ['sha1', 'md5', 'sha256', 'sha512'] as const;

/** `SHA1:… MD5:…`; undefined where none is kept. */
export function checksumText({ checksums: kept }: Pick<Entry, 'checksums'>): string | undefined {
  if (kept === null) return undefined;
  const found = algorithms.filter((name) => kept[name] !== undefined);
  return found.length === 0
    ? undefined
    : found.map((name) => `${name.toUpperCase()}:${kept[name]}`).join(' ');
}
