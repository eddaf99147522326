import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Authenticator } from '../../lib/core/contracts.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { client, prefix, startIssuer } from '../support/issuer.ts';
import { ahead, bearer, foreign, newcomers, settingsFor, told } from './foreign.ts';
import { ada } from './memory-accounts.ts';

const issuer = await startIssuer();
after(() => issuer.stop());
const endpoint = '/token/introspection';
const prefixes = [prefix];
const bad = { code: 'unauthenticated' } as const;
const opaque = () => issuer.mint({ format: 'opaque' });
const unknown = () => prefix + 'x'.repeat(32);

authenticatorSuite('an introspected token', async (now) => {
  const { accounts, introspected } = await foreign([settingsFor(issuer.url, { prefixes })]);
  const token = await opaque();
  const by = Date.now() - now;
  return {
    authenticator: ahead(introspected, by),
    login: ada.login,
    email: ada.email ?? '',
    password: null,
    token,
    wrong: [`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, unknown()],
    foreign: 'k3v9q0x1m2ab_0000000000000000000000000000000000000000000',
    revoke: () => issuer.revoke(token),
    revokedWithin: 60_000,
    disable: async () => accounts.change({ status: 'disabled' }),
    enable: async () => accounts.change({ status: 'enabled' }),
    // The issuer alone knows the second; the next test goes beyond it.
    expires: null,
  };
});

test('an answer is good for a minute, and not beyond the end of the token', async () => {
  const { introspected } = await foreign([settingsFor(issuer.url, { prefixes })]);
  const token = await opaque();
  const now = Date.now();
  const before = issuer.asked(endpoint);
  for (const later of [0, 1, 59_999]) await introspected.authenticate(bearer(token), now + later);
  assert.equal(issuer.asked(endpoint) - before, 1);
  await introspected.authenticate(bearer(token), now + 60_000);
  assert.equal(issuer.asked(endpoint) - before, 2);
  await assert.rejects(introspected.authenticate(bearer(token), now + 3_602_000), /ended at|not valid/);
});

test('a bad answer is good for five seconds', async () => {
  const { introspected } = await foreign([settingsFor(issuer.url, { prefixes })]);
  const [token, now, before] = [unknown(), Date.now(), issuer.asked(endpoint)];
  for (const later of [0, 1, 4_999]) {
    await assert.rejects(introspected.authenticate(bearer(token), now + later), bad);
  }
  assert.equal(issuer.asked(endpoint) - before, 1);
  await assert.rejects(introspected.authenticate(bearer(token), now + 5_000), bad);
  assert.equal(issuer.asked(endpoint) - before, 2);
});

test('many that ask at once are one question', async () => {
  const { introspected } = await foreign([settingsFor(issuer.url, { prefixes })]);
  const [token, now, before] = [await opaque(), Date.now(), issuer.asked(endpoint)];
  const all = await Promise.all(
    Array.from({ length: 40 }, () => introspected.authenticate(bearer(token), now)),
  );
  assert.ok(all.every((one) => one?.login === ada.login));
  assert.equal(issuer.asked(endpoint) - before, 1);
});

test('a flood of unknown tokens leaves the issuer with 64 questions at a time', async () => {
  const { introspected } = await foreign([settingsFor(issuer.url, { prefixes })]);
  const before = issuer.asked(endpoint);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => introspected.authenticate(bearer(`${unknown()}${i}`), Date.now())),
  );
  assert.equal(issuer.asked(endpoint) - before, 64);
  const codes = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'in'));
  assert.equal(codes.filter((code) => code === 'unauthenticated').length, 64);
  assert.equal(codes.filter((code) => code === 'unavailable').length, 36);
});

test('while the issuer is down, what was good is good for a while, as stale; the unknown is 503', async (t) => {
  const down = await startIssuer();
  t.after(() => down.stop());
  const { introspected, errors } = await foreign([settingsFor(down.url, { prefixes, staleFor: 300_000 })]);
  const [known, fresh] = await Promise.all([1, 2].map(() => down.mint({ format: 'opaque' })));
  const now = Date.now();
  const as = async (token = '', later = 0) =>
    told(await introspected.authenticate(bearer(token), now + later));
  assert.deepEqual(await as(known), { login: ada.login, write: true });
  await down.stop();
  assert.deepEqual(await as(known, 59_999), { login: ada.login, write: true });
  assert.deepEqual(await as(known, 60_000), { login: ada.login, write: true, stale: true });
  await assert.rejects(as(fresh, 60_001), { code: 'unavailable' });
  assert.equal(errors.length, 1, 'told once');
  assert.deepEqual(await as(known, 359_999), { login: ada.login, write: true, stale: true });
  await assert.rejects(as(known, 360_000), { code: 'unavailable' });
  await down.start();
  assert.deepEqual(await as(known, 366_000), { login: ada.login, write: true });
});

test('a token for another audience is refused although it is active', async () => {
  const { introspected } = await foreign([settingsFor(issuer.url, { prefixes })]);
  const token = await issuer.mint({ format: 'opaque', audience: 'https://elsewhere.example' });
  await assert.rejects(introspected.authenticate(bearer(token), Date.now()), bad);
  await assert.rejects(introspected.authenticate(bearer(token), Date.now()), bad);
});

test('where an answer has no audience, the client that it was issued to counts', async () => {
  const token = await issuer.mint({ format: 'plain' });
  const ours = await foreign([settingsFor(issuer.url, { prefixes })]);
  assert.equal((await ours.introspected.authenticate(bearer(token), Date.now()))?.login, ada.login);
  const theirs = await foreign([settingsFor(issuer.url, { prefixes, audience: ['another'] })]);
  await assert.rejects(theirs.introspected.authenticate(bearer(token), Date.now()), bad);
});

test('a client may authenticate in the body', async () => {
  const settings = settingsFor(issuer.url, { prefixes, client: { ...client, method: 'post' } });
  const { introspected } = await foreign([settings]);
  assert.ok(await introspected.authenticate(bearer(await opaque()), Date.now()));
});

test("a wrong client secret is the operator's to mend: 503, a line for the log, no secret in it", async () => {
  const settings = settingsFor(issuer.url, {
    prefixes,
    client: { id: client.id, secret: 'wrong-secret', method: 'basic' },
  });
  const { introspected, errors } = await foreign([settings]);
  const token = await opaque();
  await assert.rejects(introspected.authenticate(bearer(token), Date.now()), { code: 'unavailable' });
  assert.match(String(errors[0]), /refuses the client hearth\+app; check its secret/);
  assert.ok(!String(errors[0]).includes('wrong-secret') && !String(errors[0]).includes(token));
});

test('a newcomer whose answer names no login gets one from userinfo', async () => {
  const settings = settingsFor(issuer.url, { prefixes, accounts: newcomers });
  const { introspected, accounts } = await foreign([settings]);
  const token = await issuer.mint({ subject: 'grace', format: 'plain' });
  const before = issuer.asked('/me');
  for (const _ of [1, 2]) {
    const principal = await introspected.authenticate(bearer(token), Date.now());
    assert.equal(principal?.login, 'grace');
  }
  assert.equal(issuer.asked('/me') - before, 1, 'asked of newcomers alone');
  const user = await accounts.linked(issuer.url, 'grace');
  assert.deepEqual([user?.firstName, user?.email], ['X', 'x@example.org']);
});

test('a text that could be a password is told to nobody, and one with a known beginning is', async () => {
  const { introspected } = await foreign([settingsFor(issuer.url)]);
  const before = issuer.asked('/');
  const password = 'correct-horse-battery-staple';
  const asked = (form: string) =>
    introspected.authenticate({ kind: 'basic', login: ada.login, password: form }, Date.now());
  assert.equal(await asked(password), undefined);
  assert.equal(issuer.asked('/') - before, 0);
  assert.equal(await asked(`token:${await opaque()}`).then((one) => one?.login), ada.login);
  const named = await foreign([settingsFor(issuer.url, { prefixes })]);
  const raw = { kind: 'basic', login: ada.login, password: await opaque() } as const;
  assert.equal((await named.introspected.authenticate(raw, Date.now()))?.login, ada.login);
});

test('issuers whose tokens say nothing are asked in turn, and one that is down hides no other', async () => {
  const gone = await startIssuer();
  await gone.stop();
  const two = async (first: string, second: string): Promise<Authenticator> => {
    const settings = [first, second].map((url) => settingsFor(url));
    const { introspected, accounts } = await foreign(settings);
    await accounts.link({ issuer: second, subject: 'ada', user: ada.id, created: 0 });
    return introspected;
  };
  const token = await opaque();
  const both = await two(gone.url, issuer.url);
  assert.equal((await both.authenticate(bearer(token), Date.now()))?.login, ada.login);
  await assert.rejects(both.authenticate(bearer(unknown()), Date.now()), { code: 'unavailable' });
  const { introspected } = await foreign([settingsFor(issuer.url)]);
  assert.equal(
    await introspected.authenticate(bearer(unknown()), Date.now()),
    undefined,
    'the next is asked',
  );
});
