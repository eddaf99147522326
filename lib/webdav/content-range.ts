import type { WriteOptions } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { refused } from './refusal.ts';
import type { DavRequest, Reply } from './verb.ts';
import { exists } from './visible.ts';
import { bodyOf, written } from './written.ts';

export interface ContentRange {
  readonly first: number;
  readonly last: number;
}

/** `bytes 3-6/*` or `bytes 3-6/100` (RFC 9110 §14.4). */
export function parseContentRange(header: string): ContentRange {
  const [, first, last, total] = /^bytes +(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(header.trim()) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first === undefined || range.last < range.first || (total !== '*' && Number(total) <= range.last)) {
    const message = 'Content-Range is not understood; send `bytes FIRST-LAST/TOTAL`, counted from 0.';
    throw new StoreError('invalid', { op: 'put', message });
  }
  return range;
}

/** A PUT of a part (§14.5). Beyond the end: a hole of zeros between, as with Apache. */
export async function putRange(
  request: DavRequest,
  range: ContentRange,
  options: WriteOptions,
): Promise<Reply> {
  const size = range.last - range.first + 1;
  if (options.size !== undefined && options.size !== size) {
    throw new StoreError('invalid', {
      op: 'put',
      message: 'Content-Range and Content-Length are not of one length.',
    });
  }
  if (options.checksums !== undefined || request.headers['oc-checksum'] !== undefined) {
    throw new StoreError('invalid', {
      op: 'put',
      message: 'A checksum of a part is not supported; send it whole.',
    });
  }
  const at = { path: request.path };
  const body = await bodyOf(request);
  if (await exists(request)) {
    return written(request, await request.workspace.patch(at, range.first, body, { ...options, size }), 204);
  }
  if (range.first > 0) return refused(416, 'There is no such file yet; begin at its first byte.');
  const { entry } = await request.workspace.write(at, body, { ...options, size, expect: 'absent' });
  return written(request, entry, 201);
}
