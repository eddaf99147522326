import type { Credential } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Principal, TokenRecord, User } from '../core/values.ts';

/** The token that a credential carries: alone, or as a password, raw or as `token:…` or `key:…`. */
export function tokenIn(credential: Credential): string {
  const text = credential.kind === 'token' ? credential.token : credential.password;
  const colon = text.indexOf(':');
  const form = text.slice(0, colon);
  return form === 'token' || form === 'key' ? text.slice(colon + 1) : text;
}

/** Whether the name beside a password is the user's: login or e-mail, with or without a Windows domain. */
export function names(given: string, user: User): boolean {
  const login = given.slice(given.lastIndexOf('\\') + 1).toLowerCase();
  return login === user.login || (user.email !== null && login === user.email.toLowerCase());
}

/** Out: disabled, or on the way to be removed. */
export const mayEnter = (user: User): boolean => user.status === 'enabled' && user.removeAfter === null;

export function principalOf(user: User, token: Pick<TokenRecord, 'id' | 'write' | 'root'>): Principal {
  return {
    user: user.id,
    login: user.login,
    admin: user.admin,
    home: user.home,
    write: token.write,
    root: token.root,
    credential: token.id,
  };
}

/** One answer for an unknown name, a wrong secret and a disabled user, so that none can be told apart. */
export function refused(message = 'The credential is not valid.'): StoreError {
  return new StoreError('unauthenticated', { op: 'authenticate', message });
}
