import { StoreError } from '../core/error.ts';
import type { TokenRecord } from '../core/values.ts';
import { type Answer, principalOf } from './asked.ts';

/**
 * DELETE mounts/ID, downloads/ID: ends it at once. A mount ends itself; others are ended with a credential that has
 * all of its owner's rights.
 */
export const revoke =
  (kind: TokenRecord['kind']): Answer =>
  async (asked) => {
    const { accounts } = asked.desk;
    const principal = await principalOf(asked);
    const id = asked.rest[0] ?? '';
    const found = await accounts.token(id);
    const own = found?.user.id === principal.user && found.token.kind === kind;
    if (own && principal.credential !== id && (!principal.write || principal.root !== null)) {
      const message = 'This credential is limited, and ends none but itself.';
      throw new StoreError('denied', { op: 'revoke', scope: 'write', message });
    }
    if (own && (await accounts.revokeToken(id))) {
      return { status: 204, headers: { 'Cache-Control': 'no-store' } };
    }
    throw new StoreError('not-found', { op: 'revoke', message: 'There is none of yours with that id.' });
  };
