import type { Accounts } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { TokenRecord, User } from '../../core/values.ts';
import type { TokenDoc } from './collections.ts';
import { objectId } from './documents.ts';
import { asStoreError, isDuplicate } from './errors.ts';
import { bytesOf } from './reads.ts';
import { read, type Store } from './store.ts';
import { ownerOf, type UserWithHome, userOf } from './users.ts';

const durable = { writeConcern: { w: 'majority', journal: true } } as const;

function toToken({ _id, hash, ...rest }: TokenDoc): TokenRecord {
  return { id: _id, hash: new Uint8Array(bytesOf(hash)), ...rest };
}

/** Milliseconds that a look-up serves: what another process has changed counts after that, and here at once. */
const keptFor = 500;
const keptMost = 10_000;

type Found = Awaited<ReturnType<Accounts['token']>>;

/** Every request brings a token, and most bring the same. */
export class KeptTokens {
  private readonly kept = new Map<string, { readonly at: number; readonly found: Promise<Found> }>();

  get(id: string, look: () => Promise<Found>): Promise<Found> {
    const now = performance.now();
    const known = this.kept.get(id);
    if (known !== undefined && now - known.at < keptFor) return known.found;
    if (this.kept.size >= keptMost) this.kept.clear();
    const found = look();
    this.kept.set(id, { at: now, found });
    const forget = () => {
      if (this.kept.get(id)?.found === found) this.kept.delete(id);
    };
    // One that is not there may be made at any moment.
    found.then((one) => {
      if (one === undefined) forget();
    }, forget);
    return found;
  }

  clear(): void {
    this.kept.clear();
  }
}

export function tokens(
  store: Store,
  kept: KeptTokens,
): Pick<Accounts, 'token' | 'tokens' | 'createToken' | 'revokeToken' | 'touchToken' | 'extendToken'> {
  const { ownToken, user: users } = store.all;

  async function look(id: string): Promise<Found> {
    const [found] = await read('catalog.token', () =>
      ownToken
        .aggregate<TokenDoc & { readonly users: readonly UserWithHome[] }>([
          { $match: { _id: id } },
          ...ownerOf,
        ])
        .toArray(),
    );
    const [owner] = found?.users ?? [];
    if (found === undefined || owner === undefined) return undefined;
    const { users: _, ...token } = found;
    const user: User = await userOf(store, owner);
    return { token: toToken(token), user };
  }

  return {
    token: (id) => kept.get(id, () => look(id)),
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
      kept.clear();
      try {
        await ownToken.insertOne({ _id: id, hash: Buffer.from(hash), ...rest }, durable);
      } catch (error) {
        throw isDuplicate(error) ? new StoreError('exists', { op }) : asStoreError(error, op);
      }
    },
    revokeToken: async (id) => {
      const gone = await read('catalog.revokeToken', () => ownToken.deleteOne({ _id: id }, durable));
      kept.clear();
      return gone.deletedCount > 0;
    },
    touchToken: async (id, now) => {
      await read('catalog.touchToken', () =>
        ownToken.updateOne(
          { _id: id, $or: [{ lastUsed: null }, { lastUsed: { $lt: now } }] },
          { $set: { lastUsed: now } },
        ),
      );
      kept.clear();
    },
    extendToken: async (id, expires) => {
      const changed = await read('catalog.extendToken', () =>
        ownToken.updateOne({ _id: id }, { $set: { expires } }, durable),
      );
      kept.clear();
      return changed.matchedCount > 0;
    },
  };
}
