import type { Accounts } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Link } from '../../core/values.ts';
import { objectId } from './documents.ts';
import { asStoreError, isDuplicate } from './errors.ts';
import { read, type Store } from './store.ts';
import { ownerOf, type UserWithHome, userOf } from './users.ts';

/** One link for one account elsewhere: its `_id` is both its names, which nothing that is in them can forge. */
const idOf = (issuer: string, subject: string): string => JSON.stringify([issuer, subject]);

export function links(store: Store): Pick<Accounts, 'linked' | 'link' | 'links' | 'unlink'> {
  const { link: all, user: users } = store.all;
  const durable = { writeConcern: { w: 'majority', journal: true } } as const;
  return {
    linked: async (issuer, subject) => {
      const [found] = await read('catalog.link', () =>
        all
          .aggregate<{ readonly users: readonly UserWithHome[] }>([
            { $match: { _id: idOf(issuer, subject) } },
            ...ownerOf,
          ])
          .toArray(),
      );
      const [owner] = found?.users ?? [];
      return owner === undefined ? undefined : userOf(store, owner);
    },
    link: async ({ issuer, subject, user, created }) => {
      const op = 'catalog.link';
      const owner = await read(op, () => users.findOne({ _id: objectId(user) }, { projection: { _id: 1 } }));
      if (owner === null) throw new StoreError('not-found', { op });
      try {
        await all.insertOne({ _id: idOf(issuer, subject), issuer, subject, user, created }, durable);
      } catch (error) {
        if (!isDuplicate(error)) throw asStoreError(error, op);
        throw new StoreError('exists', { op, message: 'That account is linked already.' });
      }
    },
    links: async (user) => {
      const found = await read('catalog.links', () =>
        all.find({ user }).sort({ created: 1, issuer: 1, subject: 1 }).toArray(),
      );
      return found.map(({ issuer, subject, created }): Link => ({ issuer, subject, user, created }));
    },
    unlink: async (issuer, subject) => {
      const gone = await read('catalog.unlink', () => all.deleteOne({ _id: idOf(issuer, subject) }, durable));
      return gone.deletedCount > 0;
    },
  };
}
