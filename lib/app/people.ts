import type { Accounts, Ids } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { User } from '../core/values.ts';

/** Girder's rule for logins. */
const loginPattern = /^[a-z][a-z0-9\-.]{3,}$/;

export interface NewUser {
  readonly login: string;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly admin?: boolean;
  readonly quota?: number | null;
}

export const validLogin = (login: string): boolean => loginPattern.test(login) && login.length <= 64;

export function parseLogin(text: string): string {
  const login = text.toLowerCase();
  if (validLogin(login)) return login;
  const message = `${JSON.stringify(text)} cannot be a login: 4 to 64 letters, digits, dots and dashes, a letter first.`;
  throw new StoreError('invalid', { message });
}

/** A login from a name of the operating system; `researcher` where nothing usable is left of it. */
export function loginFrom(name: string): string {
  const login = name
    .toLowerCase()
    .replace(/[^a-z0-9\-.]/g, '')
    .replace(/^[^a-z]+/, '')
    .slice(0, 64);
  return loginPattern.test(login) && login !== 'root' ? login : 'researcher';
}

export function createUser(accounts: Accounts, ids: Ids, user: NewUser, now: number): Promise<User> {
  return accounts.createUser({
    id: ids(),
    login: parseLogin(user.login),
    email: user.email ?? null,
    firstName: user.firstName ?? '',
    lastName: user.lastName ?? '',
    admin: user.admin ?? false,
    status: 'enabled',
    created: now,
    quota: user.quota ?? null,
    removeAfter: null,
  });
}
