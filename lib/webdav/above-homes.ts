import { StoreError } from '../core/error.ts';
import { type Path, toPath } from '../core/path.ts';
import type { Entry } from '../core/values.ts';
import type { Readable, ReadRequest } from './read-request.ts';
import { encodeName } from './urls.ts';
import type { DavRequest } from './verb.ts';

/**
 * `/` and what leads to the homes, as folders that show the way to the caller's own home and nobody else's: Windows
 * and gvfs look at every folder above the one they want.
 */
export function aboveHomes(request: DavRequest, names: Path, prefix: Path): ReadRequest {
  const href = names.map((name) => `${encodeName(name)}/`).join('');
  return {
    ...pick(request),
    path: [],
    workspace: folder(request, names.at(-1) ?? '', prefix[names.length]),
    urls: { ...request.urls, href: () => `/${href}` },
  };
}

function pick(request: DavRequest): Omit<ReadRequest, 'path' | 'workspace' | 'urls'> {
  const { method, slash, headers, body, length, now, signal } = request;
  return { method, slash, headers, body, length, now, signal };
}

const home = { path: toPath(['home']) };

/** `next`: the one name in it; undefined: it holds the home. */
function folder({ workspace }: DavRequest, name: string, next: string | undefined): Readable {
  const { principal } = workspace;
  const self = async (): Promise<Entry> => {
    const { created, modified, version } = await workspace.stat(home);
    const id = `above:${name}`;
    const none = { mode: null, mime: null, props: null, checksums: null } as const;
    const { user: creator, home: homeId } = principal;
    return {
      id,
      parent: null,
      home: homeId,
      kind: 'folder',
      name,
      version,
      size: 0,
      created,
      modified,
      creator,
      ...none,
    };
  };
  return {
    principal: { ...principal, write: false },
    stat: self,
    async *list() {
      if (next !== undefined) yield [{ ...(await self()), id: `above:${next}`, name: next }];
      else yield [{ ...(await workspace.stat(home)), name: principal.login }];
    },
    read: async () => {
      throw new StoreError('is-folder', { op: 'read', path: '/' });
    },
    usage: () => workspace.usage(),
    locks: async () => [],
    locksBelow: async () => new Map(),
  };
}
