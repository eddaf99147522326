import type { Identity, IdentityToUser } from '../../lib/auth/foreign-token.ts';
import type { User } from '../../lib/core/values.ts';

/** One account elsewhere that is a user's, who can be changed; `asked`: for which identities a user was looked for. */
export function linkedTo(user: User, issuer: string, subject: string) {
  let current = user;
  const asked: Identity[] = [];
  const identityToUser: IdentityToUser = async (identity) => {
    asked.push(identity);
    return identity.issuer === issuer && identity.subject === subject ? current : undefined;
  };
  const change = (patch: Partial<User>) => {
    current = { ...current, ...patch };
  };
  return { identityToUser, asked, change };
}
