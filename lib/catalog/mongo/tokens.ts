import type { Accounts } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { TokenRecord, User } from '../../core/values.ts';
import { nameOf, type TokenDoc } from './collections.ts';
import { objectId } from './documents.ts';
import { asStoreError, isDuplicate } from './errors.ts';
import { bytesOf } from './reads.ts';
import { read, type Store } from './store.ts';
import { type UserWithHome, userOf, withHome } from './users.ts';

const durable = { writeConcern: { w: 'majority', journal: true } } as const;

function toToken({ _id, hash, ...rest }: TokenDoc): TokenRecord {
  return { id: _id, hash: new Uint8Array(bytesOf(hash)), ...rest };
}

export function tokens(
  store: Store,
): Pick<Accounts, 'token' | 'tokens' | 'createToken' | 'revokeToken' | 'touchToken' | 'extendToken'> {
  const { ownToken, user: users } = store.all;
  return {
    token: async (id) => {
      const [found] = await read('catalog.token', () =>
        ownToken
          .aggregate<TokenDoc & { readonly users: readonly UserWithHome[] }>([
            { $match: { _id: id } },
            { $addFields: { owner: { $toObjectId: '$user' } } },
            {
              $lookup: {
                ...{ from: nameOf('user'), localField: 'owner', foreignField: '_id', as: 'users' },
                pipeline: [withHome],
              },
            },
            { $unset: 'owner' },
          ])
          .toArray(),
      );
      const [owner] = found?.users ?? [];
      if (found === undefined || owner === undefined) return undefined;
      const { users: _, ...token } = found;
      const user: User = await userOf(store, owner);
      return { token: toToken(token), user };
    },
    tokens: async (user) => {
      const found = await read('catalog.tokens', () =>
        ownToken.find({ user }).sort({ created: 1, _id: 1 }).toArray(),
      );
      return found.map(toToken);
    },
    createToken: async ({ id, hash, ...rest }) => {
      const op = 'catalog.createToken';
      const owner = await read(op, () =>
        users.findOne({ _id: objectId(rest.user) }, { projection: { _id: 1 } }),
      );
      if (owner === null) throw new StoreError('not-found', { op });
      try {
        await ownToken.insertOne({ _id: id, hash: Buffer.from(hash), ...rest }, durable);
      } catch (error) {
        throw isDuplicate(error) ? new StoreError('exists', { op }) : asStoreError(error, op);
      }
    },
    revokeToken: async (id) => {
      const gone = await read('catalog.revokeToken', () => ownToken.deleteOne({ _id: id }, durable));
      return gone.deletedCount > 0;
    },
    touchToken: async (id, now) => {
      await read('catalog.touchToken', () =>
        ownToken.updateOne(
          { _id: id, $or: [{ lastUsed: null }, { lastUsed: { $lt: now } }] },
          { $set: { lastUsed: now } },
        ),
      );
    },
    extendToken: async (id, expires) => {
      const changed = await read('catalog.extendToken', () =>
        ownToken.updateOne({ _id: id }, { $set: { expires } }, durable),
      );
      return changed.matchedCount > 0;
    },
  };
}
