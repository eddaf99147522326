import { StoreError } from '../core/error.ts';
import type { DavRequest } from './verb.ts';
import { entryAt } from './visible.ts';

const meaning: Readonly<Record<string, 0 | 'infinity'>> = { 0: 0, infinity: 'infinity' };

/** `Depth: 0` or `infinity`, which is also meant where the header is absent (COPY and LOCK, RFC 4918 §9.8.3, §9.10.3). */
export function depthOf(request: DavRequest): 0 | 'infinity' {
  const header = request.headers.depth?.trim().toLowerCase() ?? 'infinity';
  const depth = meaning[header];
  if (depth === undefined) throw badDepth(request, 'Depth must be 0 or infinity');
  return depth;
}

/** DELETE and MOVE take a folder with all that is in it (§9.6.1, §9.9.2); for a file Depth means nothing. */
export async function onlyDeep(request: DavRequest): Promise<void> {
  if (depthOf(request) === 'infinity') return;
  if ((await entryAt(request, request.path))?.kind !== 'folder') return;
  throw badDepth(request, 'A folder goes with all that is in it: Depth must be infinity or absent');
}

function badDepth(request: DavRequest, what: string): StoreError {
  return new StoreError('invalid', { op: request.method, message: `${what}.` });
}
