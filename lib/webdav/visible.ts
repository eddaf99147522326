import { isStoreError } from '../core/error.ts';
import type { Path } from '../core/path.ts';
import type { Entry } from '../core/values.ts';
import type { DavRequest } from './verb.ts';

/** Undefined for what is not there, or is none of the caller's business. */
export async function visible<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isStoreError(error, 'not-found', 'not-folder', 'denied')) return undefined;
    throw error;
  }
}

export function entryAt(request: DavRequest, path: Path): Promise<Entry | undefined> {
  return visible(request.workspace.stat({ path }));
}

export async function exists(request: DavRequest): Promise<boolean> {
  return (await entryAt(request, request.path)) !== undefined;
}
