import type { Document } from 'mongodb';
import type { GirderCredential, GirderCredentials } from '../../core/contracts.ts';
import { nameOf } from './collections.ts';
import { read, type Store } from './store.ts';
import { type UserWithHome, userOf, withHome } from './users.ts';

const withUser: Document = {
  $lookup: {
    ...{ from: nameOf('user'), localField: 'userId', foreignField: '_id', as: 'users' },
    pipeline: [withHome],
  },
};

interface Found {
  readonly _id: unknown;
  readonly scope: readonly string[] | null;
  readonly expires?: Date;
  readonly users: readonly UserWithHome[];
}

/** Girder's `token` and `api_key`, each in one look. A token's `_id` is the secret itself. */
export function girderCredentials(store: Store): GirderCredentials {
  async function of(found: Found | undefined, id: string): Promise<GirderCredential | undefined> {
    const [owner] = found?.users ?? [];
    if (found === undefined || owner === undefined) return undefined;
    const user = await userOf(store, owner);
    return { user, id, scope: found.scope, expires: found.expires?.getTime() ?? null };
  }
  return {
    token: async (secret) => {
      const [found] = await read('catalog.girder', () =>
        store.all.token.aggregate<Found>([{ $match: { _id: secret } }, withUser]).toArray(),
      );
      return of(found, 'girder token');
    },
    apiKey: async (key) => {
      const [found] = await read('catalog.girder', () =>
        store.all.apiKey.aggregate<Found>([{ $match: { key, active: true } }, withUser]).toArray(),
      );
      return of(found, `girder key ${String(found?._id)}`);
    },
  };
}
