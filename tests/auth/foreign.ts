import { createSecretKey } from 'node:crypto';
import { introspectedTokens } from '../../lib/auth/introspected-token.ts';
import { type IssuerOptions, openIssuer } from '../../lib/auth/issuer.ts';
import { type IssuerSettings, signatureAlgorithms } from '../../lib/auth/issuer-settings.ts';
import { jwtTokens } from '../../lib/auth/jwt-token.ts';
import { tokenNames } from '../../lib/auth/keyed-hash.ts';
import { type AccountRules, linkedAccounts } from '../../lib/auth/linked-accounts.ts';
import { providers } from '../../lib/auth/provider.ts';
import type { Authenticator, Credential } from '../../lib/core/contracts.ts';
import { StoreError } from '../../lib/core/error.ts';
import type { Link, Principal, User } from '../../lib/core/values.ts';
import { audience, client } from '../support/issuer.ts';
import { ada } from './memory-accounts.ts';

export const key = createSecretKey(Buffer.alloc(32, 7));
export const newcomers: AccountRules = { create: true, login: null, clash: 'number', quota: null };

export function settingsFor(issuer: string, more: Partial<IssuerSettings> = {}): IssuerSettings {
  return {
    issuer,
    provider: providers.standard,
    audience: [audience, client.id],
    jwt: true,
    algorithms: signatureAlgorithms,
    typ: 'any',
    idTokens: false,
    skew: 30_000,
    client: { ...client, method: 'basic' },
    endpoints: { jwks: null, introspection: null, userinfo: null },
    prefixes: [],
    http: false,
    staleFor: 600_000,
    scopes: { claim: null, read: null, write: null },
    accounts: { ...newcomers, create: false },
    ...more,
  };
}

/** As much of Accounts as linked accounts need; the real one has its own tests (`linked-accounts.test.ts`). */
export function linkedMemory() {
  const users = new Map<string, User>([[ada.id, ada]]);
  const links = new Map<string, string>();
  const name = (issuer: string, subject: string) => `${issuer} ${subject}`;
  return {
    users,
    linked: async (issuer: string, subject: string) => users.get(links.get(name(issuer, subject)) ?? ''),
    link: async ({ issuer, subject, user }: Link) => {
      if (links.has(name(issuer, subject))) throw new StoreError('exists');
      links.set(name(issuer, subject), user);
    },
    unlink: async (issuer: string, subject: string) => links.delete(name(issuer, subject)),
    createUser: async (user: Omit<User, 'home'>) => {
      if ([...users.values()].some(({ login }) => login === user.login)) throw new StoreError('exists');
      const made = { ...user, home: `${user.id}-home` };
      users.set(user.id, made);
      return made;
    },
    eraseUser: async (id: string) => void users.delete(id),
    userById: async (id: string) => users.get(id),
    change: (patch: Partial<User>) => void users.set(ada.id, { ...ada, ...patch }),
  };
}

const loginPattern = /^[a-z][a-z0-9\-.]{3,63}$/;

/** Authenticators of these issuers, with ada linked to the subject `ada` of the first. */
export async function foreign(settings: readonly IssuerSettings[], options: IssuerOptions = {}) {
  const accounts = linkedMemory();
  const errors: unknown[] = [];
  const [first] = settings;
  if (first !== undefined) {
    await accounts.link({ issuer: first.issuer, subject: 'ada', user: ada.id, created: 0 });
  }
  const shared = {
    issuers: settings.map((one) => openIssuer(one, { onError: (error) => errors.push(error), ...options })),
    accounts: linkedAccounts({ accounts, key, validLogin: (login) => loginPattern.test(login) }),
    nameOf: tokenNames(key),
  };
  return { accounts, errors, jwt: jwtTokens(shared), introspected: introspectedTokens(shared) };
}

export const bearer = (token: string): Credential => ({ kind: 'token', token });

/** An authenticator whose clock is ahead by so much: the suite has its own time, a real issuer the world's. */
export function ahead(authenticator: Authenticator, by: number): Authenticator {
  return { authenticate: (credential, now) => authenticator.authenticate(credential, now + by) };
}

export function told(principal: Principal | undefined) {
  return (
    principal && {
      login: principal.login,
      write: principal.write,
      ...(principal.stale === undefined ? {} : { stale: principal.stale }),
    }
  );
}
