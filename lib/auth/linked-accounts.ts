import type { KeyObject } from 'node:crypto';
import type { Accounts } from '../core/contracts.ts';
import { isStoreError } from '../core/error.ts';
import type { User } from '../core/values.ts';
import type { Identity, Profile } from './attestation.ts';
import { refused } from './credential.ts';
import { keyedHash } from './keyed-hash.ts';
import { loginsFor } from './login-rule.ts';

export interface AccountRules {
  /** Whether somebody seen for the first time gets an account. */
  readonly create: boolean;
  /** Claims or paths to make its login from; null: where its service has them. */
  readonly login: readonly string[] | null;
  /** What to do where the login is another's. */
  readonly clash: 'number' | 'refuse';
  /** Bytes; null: no limit. */
  readonly quota: number | null;
}

export interface LinkedAccountsOptions {
  readonly accounts: Pick<Accounts, 'linked' | 'link' | 'createUser' | 'eraseUser' | 'userById'>;
  readonly key: KeyObject;
  readonly validLogin: (login: string) => boolean;
}

/** Users by their accounts elsewhere: by (issuer, subject) and nothing else, least of all by e-mail. */
export interface LinkedAccounts {
  /** One look-up of the catalog, each time. `profile` is asked for a newcomer alone. Throws `unauthenticated`. */
  userOf(
    identity: Pick<Identity, 'issuer' | 'subject'>,
    rules: AccountRules,
    now: number,
    profile: () => Promise<Profile>,
  ): Promise<User>;
}

/** A user of this age, under the id that only one identity has, was made for it a moment ago by another process. */
const isYoung = (user: User, now: number): boolean => now - user.created < 60_000;

export function linkedAccounts({ accounts, key, validLogin }: LinkedAccountsOptions): LinkedAccounts {
  const idHash = keyedHash(key, 'hearth ids of linked users v1');
  const flights = new Map<string, Promise<User>>();

  const idOf = (issuer: string, subject: string): string =>
    idHash(JSON.stringify([issuer, subject]))
      .toString('hex')
      .slice(0, 24);

  async function newcomer(
    { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
    rules: AccountRules,
    now: number,
    { logins, email, firstName, lastName }: Profile,
  ): Promise<User> {
    const own = idOf(issuer, subject);
    const holder = await accounts.userById(own);
    if (holder !== undefined && isYoung(holder, now)) return bind(holder, false, issuer, subject, now);
    // An older one was unlinked from this identity: it must not come back to it by itself.
    const id = holder === undefined ? own : idOf(issuer, `${subject} ${now}`);
    const fallback = `user-${id.slice(0, 12)}`;
    for (const login of loginsFor(logins, { valid: validLogin, clash: rules.clash, fallback })) {
      const names = { id, login, email, firstName, lastName };
      const rest = { created: now, quota: rules.quota, admin: false, removeAfter: null };
      try {
        const user = await accounts.createUser({ ...names, ...rest, status: 'enabled' });
        return await bind(user, true, issuer, subject, now);
      } catch (error) {
        if (!isStoreError(error, 'exists')) throw error;
        const other = await accounts.userById(id);
        if (other !== undefined && isYoung(other, now)) return bind(other, false, issuer, subject, now);
      }
    }
    throw refused('The login that this account would have is taken; ask whoever runs this server for one.');
  }

  async function bind(
    user: User,
    made: boolean,
    issuer: string,
    subject: string,
    now: number,
  ): Promise<User> {
    try {
      await accounts.link({ issuer, subject, user: user.id, created: now });
      return user;
    } catch (error) {
      if (!isStoreError(error, 'exists')) throw error;
    }
    const linked = await accounts.linked(issuer, subject);
    if (made && linked?.id !== user.id) await accounts.eraseUser(user.id);
    if (linked === undefined) throw refused();
    return linked;
  }

  return {
    async userOf(identity, rules, now, profile) {
      const { issuer, subject } = identity;
      const known = await accounts.linked(issuer, subject);
      if (known !== undefined) return known;
      if (!rules.create) {
        throw refused(
          `No account here is linked to ${subject} of ${issuer}; whoever runs this server can link one.`,
        );
      }
      const one = JSON.stringify([issuer, subject]);
      const running = flights.get(one);
      if (running !== undefined) return running;
      const flight = profile()
        .then((told) => newcomer(identity, rules, now, told))
        .finally(() => flights.delete(one));
      flights.set(one, flight);
      return flight;
    },
  };
}
