import type { Authenticator } from '../core/contracts.ts';

/** Asks one after the other; the first that recognises the kind of credential decides. */
export function chain(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(credential, now) {
      for (const authenticator of authenticators) {
        const principal = await authenticator.authenticate(credential, now);
        if (principal !== undefined) return principal;
      }
      return undefined;
    },
  };
}
