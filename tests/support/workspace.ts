import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '../../lib/app/registry.ts';
import { filesystemBlobs } from '../../lib/blobs/filesystem.ts';
import type { BlobStore, Catalog, Ids, Workspace } from '../../lib/core/contracts.ts';
import { parsePath } from '../../lib/core/path.ts';
import type { Address, Principal, User } from '../../lib/core/values.ts';
import { workspaces } from '../../lib/workspace/workspaces.ts';
import { testStore } from './store.ts';

/** A clock that tests move by hand. */
export interface HandClock {
  (): number;
  now: number;
}

export function handClock(start = Date.UTC(2026, 0, 1)): HandClock {
  const clock = Object.assign(() => clock.now, { now: start });
  return clock;
}

export const randomIds: Ids = () => randomBytes(12).toString('hex');

export const at = (path: string, from?: string): Address =>
  from === undefined ? { path: parsePath(path) } : { from, path: parsePath(path) };

export { bytes, pieces } from './bytes.ts';

export interface House {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly clock: HandClock;
  readonly folder: string;
  user(login: string, quota?: number | null): Promise<User>;
  principal(user: User, limits?: Partial<Pick<Principal, 'write' | 'root' | 'stale'>>): Principal;
  open(user: User, limits?: Partial<Pick<Principal, 'write' | 'root' | 'stale'>>): Workspace;
  close(): Promise<void>;
}

/** A real workspace on a catalog (SQLite unless `store.ts` was told otherwise) and files in a folder of its own. */
export async function house(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-'));
  const clock = handClock();
  const store = await testStore(folder);
  const catalog = await openCatalog(store.url, { ids: randomIds, clock });
  const blobs = await filesystemBlobs({ root: join(folder, 'blobs') });
  const opened = workspaces({
    catalog,
    blobs,
    clock,
    ids: randomIds,
    uuid: randomUUID,
    durability: 'stored',
  });
  const principal: House['principal'] = (user, limits = {}) => ({
    user: user.id,
    login: user.login,
    admin: user.admin,
    home: user.home,
    write: true,
    root: null,
    credential: 'test',
    ...limits,
  });
  return {
    catalog,
    blobs,
    clock,
    folder,
    principal,
    user: (login, quota = null) =>
      catalog.accounts.createUser({
        id: randomIds(),
        login,
        email: null,
        firstName: '',
        lastName: '',
        admin: false,
        status: 'enabled',
        created: clock(),
        quota,
        removeAfter: null,
      }),
    open: (user, limits) => opened.open(principal(user, limits)),
    close: async () => {
      await catalog.close();
      await blobs.close();
      await store.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
