import { createSecretKey, randomBytes } from 'node:crypto';
import { refused } from '../../lib/auth/credential.ts';
import { tokenNames } from '../../lib/auth/keyed-hash.ts';
import type { LinkedAccounts } from '../../lib/auth/linked-accounts.ts';
import type { User } from '../../lib/core/values.ts';

/** One account elsewhere that is a user's, who can be changed; `asked`: for which identities a user was looked for. */
export function linkedTo(user: User, issuer: string, subject: string) {
  let current = user;
  const asked: { readonly issuer: string; readonly subject: string; readonly login: string | undefined }[] =
    [];
  const accounts: LinkedAccounts = {
    userOf: async (identity, _rules, _now, profile) => {
      asked.push({ issuer: identity.issuer, subject: identity.subject, login: (await profile()).logins[0] });
      if (identity.issuer !== issuer || identity.subject !== subject) throw refused();
      return current;
    },
  };
  const change = (patch: Partial<User>) => {
    current = { ...current, ...patch };
  };
  const nameOf = tokenNames(createSecretKey(randomBytes(32)));
  return { context: { accounts, nameOf }, asked, change };
}

/** Nobody gets an account who has none. */
export const noNewcomers = { create: false, login: null, clash: 'number', quota: null } as const;
