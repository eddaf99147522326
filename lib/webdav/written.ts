import { StoreError } from '../core/error.ts';
import type { Body, Entry } from '../core/values.ts';
import { type DavRequest, etag, type Reply } from './verb.ts';

/** Bodies up to this many bytes are handed on in one piece, which spares the stores a stream. */
const smallBody = 65_536;

/** The body in the form that is cheapest to write. One that waits for `100 Continue` is not asked for here. */
export async function bodyOf(request: DavRequest): Promise<Body> {
  const { length } = request;
  if (length === null || length > smallBody || request.headers.expect !== undefined) return request.body;
  const whole = new Uint8Array(length);
  let size = 0;
  for await (const chunk of request.body) {
    if (size + chunk.length > length) throw wrongLength(length);
    whole.set(chunk, size);
    size += chunk.length;
  }
  if (size < length) throw wrongLength(length);
  return whole;
}

function wrongLength(length: number): StoreError {
  const message = `The body was announced with ${length} bytes and came with another number; nothing was changed.`;
  return new StoreError('invalid', { op: 'put', message });
}

/** What a client needs to go on without asking again. */
export function written(request: DavRequest, entry: Entry, status: 201 | 204): Reply {
  const tag = etag(entry.version);
  return {
    status,
    headers: {
      ETag: tag,
      'OC-ETag': tag,
      'OC-FileId': entry.id,
      ...(request.headers['x-oc-mtime'] === undefined ? {} : { 'X-OC-Mtime': 'accepted' }),
    },
  };
}
