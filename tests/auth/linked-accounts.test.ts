import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validLogin } from '../../lib/app/people.ts';
import type { Profile } from '../../lib/auth/attestation.ts';
import { linkedAccounts } from '../../lib/auth/linked-accounts.ts';
import { loginBase } from '../../lib/auth/login-rule.ts';
import type { Accounts } from '../../lib/core/contracts.ts';
import { house } from '../support/workspace.ts';
import { key, newcomers } from './foreign.ts';

const issuer = 'https://sso.example';
const now = Date.UTC(2026, 0, 1);

const profile = (login: string, more: Partial<Profile> = {}) => {
  const whole: Profile = { logins: [login], email: null, firstName: 'Ada', lastName: 'Lovelace', ...more };
  return async () => whole;
};
const open = (accounts: Accounts) => linkedAccounts({ accounts, key, validLogin });

async function logins(accounts: Accounts): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const page of accounts.users()) all.push(...page.map(({ login }) => login));
  return all;
}

test('a newcomer gets an account where that is configured, with what the claims say, and has it from then on', async () => {
  await using place = await opened();
  const { accounts } = place;
  const linked = open(accounts);
  const who = { issuer, subject: 's1' };
  await assert.rejects(linked.userOf(who, { ...newcomers, create: false }, now, profile('ada.l')), {
    code: 'unauthenticated',
    message: /No account here is linked to s1 of https:\/\/sso\.example/,
  });
  const rules = { ...newcomers, quota: 1000 };
  const user = await linked.userOf(
    who,
    rules,
    now,
    profile('Ada.L@sso.example', { email: 'ada@sso.example' }),
  );
  const { login, email, admin, quota, firstName } = user;
  assert.deepEqual([login, email, admin, quota, firstName], ['ada.l', 'ada@sso.example', false, 1000, 'Ada']);
  assert.ok(await place.catalog.entry(user.home));
  const again = await linked.userOf(who, { ...newcomers, create: false }, now, () => assert.fail('asked'));
  assert.deepEqual(again, user);
});

test('two identities of one e-mail and one login are two users', async () => {
  await using place = await opened();
  const { accounts } = place;
  const linked = open(accounts);
  const owner = await place.user('grace');
  await accounts.updateUser(owner.id, { email: 'grace@navy.example', admin: true });
  const told = profile('grace', { email: 'grace@navy.example' });
  const users = [];
  for (const who of [
    { issuer, subject: 'x' },
    { issuer, subject: 'y' },
    { issuer: 'https://other.example', subject: 'x' },
  ]) {
    users.push(await linked.userOf(who, newcomers, now, told));
  }
  assert.deepEqual(
    users.map(({ login, admin }) => [login, admin]),
    [
      ['grace-1', false],
      ['grace-2', false],
      ['grace-3', false],
    ],
  );
  assert.deepEqual(await accounts.links(owner.id), []);
});

test('a login that is taken can be a refusal, which leaves nothing', async () => {
  await using place = await opened();
  await place.user('grace');
  const linked = open(place.accounts);
  const rules = { ...newcomers, clash: 'refuse' as const };
  const attempt = linked.userOf({ issuer, subject: 'x' }, rules, now, profile('grace'));
  await assert.rejects(attempt, { code: 'unauthenticated', message: /is taken/ });
  assert.deepEqual(await logins(place.accounts), ['grace']);
});

test('first sights at once, in many processes, are one user', async () => {
  await using place = await opened();
  const { accounts } = place;
  for (const round of [1, 2, 3, 4, 5]) {
    const who = { issuer, subject: `s${round}` };
    const many = Array.from({ length: 8 }, () => open(accounts));
    const users = await Promise.all(
      many.flatMap((one) => [1, 2].map(() => one.userOf(who, newcomers, now, profile(`newcomer${round}`)))),
    );
    assert.equal(new Set(users.map(({ id }) => id)).size, 1);
    assert.equal((await logins(accounts)).length, round);
    assert.equal((await accounts.linked(who.issuer, who.subject))?.login, `newcomer${round}`);
  }
});

test('a process that dies between user and link leaves the user to its owner', async () => {
  await using place = await opened();
  const { accounts } = place;
  const who = { issuer, subject: 'x' };
  const dying = { ...bound(accounts), link: () => Promise.reject(new Error('killed')) };
  const broken = linkedAccounts({ accounts: dying, key, validLogin });
  await assert.rejects(broken.userOf(who, newcomers, now, profile('grace')), /killed/);
  const user = await open(accounts).userOf(who, newcomers, now + 1000, profile('grace'));
  assert.equal(user.login, 'grace');
  assert.deepEqual(await logins(accounts), ['grace']);
});

test('somebody who was unlinked does not come back to the account by themselves', async () => {
  await using place = await opened();
  const { accounts } = place;
  const who = { issuer, subject: 'recycled' };
  const before = await open(accounts).userOf(who, newcomers, now, profile('grace'));
  await accounts.unlink(who.issuer, who.subject);
  const later = await open(accounts).userOf(who, newcomers, now + 3_600_000, profile('grace'));
  assert.notEqual(later.id, before.id);
  assert.equal(later.login, 'grace-1');
});

test('an identity that is linked to somebody meanwhile is theirs, and no account is left over', async () => {
  await using place = await opened();
  const { accounts } = place;
  const owner = await place.user('owner');
  const who = { issuer, subject: 'x' };
  const racing = {
    ...bound(accounts),
    createUser: async (user: Parameters<Accounts['createUser']>[0]) => {
      await accounts.link({ ...who, user: owner.id, created: now });
      return accounts.createUser(user);
    },
  };
  const linked = linkedAccounts({ accounts: racing, key, validLogin });
  assert.equal((await linked.userOf(who, newcomers, now, profile('grace'))).id, owner.id);
  assert.deepEqual(await logins(accounts), ['owner']);
});

test('logins are made from names as people would', () => {
  const made: Readonly<Record<string, string>> = {
    'ada.lovelace@example.org': 'ada.lovelace',
    'José Müller': 'jose-muller',
    Octo_Cat: 'octo-cat',
    '0000-0002-1825-0097': '',
    '../../etc/passwd': 'etcpasswd',
    李明: '',
    '42nd-street': 'nd-street',
  };
  for (const [name, login] of Object.entries(made)) assert.equal(loginBase(name), login, name);
  assert.equal(loginBase('a'.repeat(200)).length, 56);
});

test('a name that gives no login, or that of the administrator of a machine, gets another', async () => {
  await using place = await opened();
  const linked = open(place.accounts);
  const as = async (subject: string, login: string, more: Partial<Profile> = {}) =>
    (await linked.userOf({ issuer, subject }, newcomers, now, profile(login, more))).login;
  assert.match(await as('1', '0000-0002-1825-0097'), /^user-[0-9a-f]{12}$/);
  assert.equal(await as('2', 'root'), 'root-1');
  assert.equal(await as('3', 'tj'), 'tj-1');
  assert.equal(await as('4', '', { logins: ['李明', 'liming@example.org'] }), 'liming');
});

async function opened() {
  const place = await house();
  return {
    ...place,
    accounts: place.catalog.accounts,
    [Symbol.asyncDispose]: () => place.close(),
  };
}

function bound(accounts: Accounts) {
  const { linked, link, createUser, eraseUser, userById } = accounts;
  return { linked, link, createUser, eraseUser, userById };
}
