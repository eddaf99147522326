import { isStoreError, StoreError } from '../core/error.ts';
import type { Path } from '../core/path.ts';
import { guardOf } from './guard.ts';
import { refused } from './refusal.ts';
import type { DavRequest, Reply } from './verb.ts';
import { exists } from './visible.ts';

type Action = (
  to: Path,
  guard: Awaited<ReturnType<typeof guardOf>>,
) => Promise<{ readonly created: boolean }>;

/** What COPY and MOVE share (RFC 4918 §9.8, §9.9): where to, over what, and how it is answered. */
export async function rearrange(request: DavRequest, action: Action): Promise<Reply> {
  const header = request.headers.destination;
  if (header === undefined) {
    throw new StoreError('invalid', { message: `${request.method} needs a Destination header.` });
  }
  const target = request.urls.parse(header);
  if (target === 'foreign') {
    return refused(502, 'The destination is on another server; copy it by way of your own machine.');
  }
  if (related(request.path, target.path)) {
    return refused(403, 'Source and destination are the same, or one is inside of the other.');
  }
  const guard = await guardOf(request, target.path);
  try {
    const { created } = await action(target.path, guard);
    return { status: created ? 201 : 204 };
  } catch (error) {
    // The paths are well-formed by now: what is left is one place under two spellings.
    if (isStoreError(error, 'invalid')) return refused(403, error.message);
    if (isStoreError(error, 'not-found') && (await exists(request))) {
      return refused(409, 'The folder of the destination does not exist; make it first.');
    }
    throw error;
  }
}

/** The same place, or one above the other: the one would destroy what the other needs. */
function related(a: Path, b: Path): boolean {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    if (a[at]?.normalize('NFC') !== b[at]?.normalize('NFC')) return false;
  }
  return true;
}
