import { StoreError } from '../core/error.ts';
import { guardOf } from './guard.ts';
import { refused, refusing } from './refusal.ts';
import { parseMtime } from './told.ts';
import type { Reply, Verb } from './verb.ts';
import { bodyOf, written } from './written.ts';

/** Media type of SabreDAV's partial update, for `Accept-Patch` too. */
export const partialUpdate = 'application/x-sabredav-partialupdate';

/** PATCH as SabreDAV has it: `X-Update-Range`, counted from 0. */
export const patch: Verb = refusing(async (request) => {
  const { headers, length, path, workspace } = request;
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== partialUpdate) return unsupportedType();
  if (length === null || (length === 0 && headers['content-length'] === undefined)) {
    return refused(411, 'PATCH needs a Content-Length.');
  }
  const range = parseUpdateRange(headers['x-update-range']);
  if (range.length !== undefined && range.length !== length) {
    return refused(416, `X-Update-Range is for ${range.length} bytes and the body has ${length}.`);
  }
  const modified = parseMtime(headers['x-oc-mtime']);
  const told = modified === undefined ? {} : { modified };
  const guard = { ...(await guardOf(request)), ...told, size: length };
  const at = { path };
  if (range.offset === 'append' || range.offset >= 0) {
    return written(request, await workspace.patch(at, range.offset, await bodyOf(request), guard), 204);
  }
  const entry = await workspace.stat(at);
  const offset = entry.size + range.offset;
  if (offset < 0) return outside(entry.size);
  const expect = guard.expect ?? entry.version;
  return written(
    request,
    await workspace.patch(at, offset, await bodyOf(request), { ...guard, expect }),
    204,
  );
});

interface UpdateRange {
  /** Below 0: from the end. */
  readonly offset: number | 'append';
  readonly length?: number;
}

function parseUpdateRange(header: string | undefined): UpdateRange {
  const text = header?.trim().toLowerCase() ?? '';
  if (text === 'append') return { offset: 'append' };
  const [, first = '', last = ''] = /^bytes=(\d{1,15})?-(\d{1,15})?$/.exec(text) ?? [];
  if (first === '' && Number(last) > 0) return { offset: -Number(last) };
  if (first === '') {
    const message =
      'X-Update-Range is needed: `bytes=FIRST-LAST`, `bytes=FIRST-`, `bytes=-COUNT` or `append`.';
    throw new StoreError('invalid', { op: 'patch', message });
  }
  if (last === '') return { offset: Number(first) };
  return { offset: Number(first), length: Number(last) - Number(first) + 1 };
}

function unsupportedType(): Reply {
  const reply = refused(415, `Send the bytes as ${partialUpdate}.`);
  return { ...reply, headers: { ...reply.headers, 'Accept-Patch': partialUpdate } };
}

function outside(size: number): Reply {
  const reply = refused(416, `The file has only ${size} bytes.`);
  return { ...reply, headers: { ...reply.headers, 'Content-Range': `bytes */${size}` } };
}
