import type { Guard, WriteOptions } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { type Announced, announcedChecksums, verifiedBody } from './checksum.ts';
import { parseContentRange, putRange } from './content-range.ts';
import { guardOf } from './guard.ts';
import { refused, refusing } from './refusal.ts';
import { parseMime, parseMtime } from './told.ts';
import type { DavRequest, Headers, Reply, Verb } from './verb.ts';
import { bodyOf, written } from './written.ts';

/** PUT (RFC 4918 §9.7, RFC 9110 §9.3.4): a new version, or with `Content-Range` a part of one. */
export const put: Verb = refusing(
  async (request) => {
    if (request.slash || request.path.length < 2) return onFolder();
    const { headers } = request;
    const guard = await guardOf(request);
    const announced = announcedChecksums(headers);
    const options = writeOptions(request, guard, announced);
    const range = headers['content-range'];
    if (range !== undefined) return putRange(request, parseContentRange(range), options);
    const at = { path: request.path };
    if (headers.expect !== undefined) await request.workspace.check(at, options);
    const body = verifiedBody(await bodyOf(request), announced.adler32);
    const { entry, created } = await request.workspace.write(at, body, options);
    return written(request, entry, created ? 201 : 204);
  },
  { 'not-found': 409 },
);

function onFolder(): Reply {
  const reply = refused(405, 'A folder has no content of its own; PUT to a name without a slash at its end.');
  return {
    ...reply,
    headers: { ...reply.headers, Allow: 'OPTIONS, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, DELETE' },
  };
}

function writeOptions(request: DavRequest, guard: Guard, announced: Announced): WriteOptions {
  const { headers } = request;
  const size = announcedSize(headers, request.length);
  const modified = parseMtime(headers['x-oc-mtime']);
  const mime = parseMime(headers['content-type']);
  return {
    ...guard,
    ...(size === undefined ? {} : { size }),
    ...(modified === undefined ? {} : { modified }),
    ...(mime === undefined ? {} : { mime }),
    ...(Object.keys(announced.checksums).length === 0 ? {} : { checksums: announced.checksums }),
  };
}

/**
 * Finder announces a chunked body by `X-Expected-Entity-Length`, ownCloud by `OC-Total-Length`. A body that a proxy
 * emptied on the way says so here.
 */
function announcedSize(headers: Headers, length: number | null): number | undefined {
  const sizes = [
    length ?? undefined,
    bytes(headers['x-expected-entity-length']),
    bytes(headers['oc-total-length']),
  ];
  const [size, ...others] = sizes.filter((one) => one !== undefined);
  if (others.some((other) => other !== size)) {
    const message = `The body was announced with ${size} bytes and with ${others.join(' and ')}; nothing was changed.`;
    throw new StoreError('invalid', { op: 'put', message });
  }
  return size;
}

function bytes(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,15}$/.test(header.trim())) return Number(header);
  throw new StoreError('invalid', {
    op: 'put',
    message: `${JSON.stringify(header)} is not a number of bytes.`,
  });
}
