import type { Authenticator } from '../core/contracts.ts';
import { isStoreError, type StoreError } from '../core/error.ts';

/**
 * Services whose tokens look alike, as one: the first that knows the token decides. Where none does and one could not
 * be asked, nobody can tell (`unavailable`); otherwise it is refused as the first refused it.
 */
export function anyOf(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(credential, now) {
      let refusal: StoreError | undefined;
      for (const authenticator of authenticators) {
        try {
          const principal = await authenticator.authenticate(credential, now);
          if (principal !== undefined) return principal;
        } catch (error) {
          if (!isStoreError(error, 'unauthenticated', 'unavailable')) throw error;
          if (refusal === undefined || refusal.code === 'unauthenticated') {
            refusal = error.code === 'unavailable' ? error : (refusal ?? error);
          }
        }
      }
      if (refusal !== undefined) throw refusal;
      return undefined;
    },
  };
}
