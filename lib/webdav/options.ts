import { partialUpdate } from './patch.ts';
import type { Reply } from './verb.ts';

const reading = ['OPTIONS', 'GET', 'HEAD', 'PROPFIND', 'REPORT'] as const;
const writing = ['PUT', 'PATCH', 'DELETE', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'PROPPATCH'] as const;

/** `Allow` for a place that is only looked at (the folders above homes), or for one in a home. */
export function allow(readOnly: boolean, but?: string): string {
  const all: readonly string[] = readOnly ? reading : [...reading, ...writing];
  return all.filter((method) => method !== but).join(', ');
}

/**
 * OPTIONS, the same for everyone and everywhere below a door: clients ask before they sign in, Windows on every
 * folder above the one it wants, and the answer must not tell what is there.
 */
export function options(readOnly: boolean): Reply {
  return {
    status: 200,
    headers: {
      DAV: '1, 2, 3, extended-mkcol, sabredav-partialupdate',
      'MS-Author-Via': 'DAV',
      Allow: allow(readOnly),
      'Accept-Ranges': 'bytes',
      'Accept-Patch': partialUpdate,
    },
  };
}
