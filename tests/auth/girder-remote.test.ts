import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { remoteGirder } from '../../lib/auth/girder-remote.ts';
import { formatToken, newTokenText } from '../../lib/auth/token-text.ts';
import type { Credential } from '../../lib/core/contracts.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { type FakeGirder, fakeGirder, girderText } from '../support/fake-girder.ts';
import { linkedTo, noNewcomers } from './linked.ts';
import { ada } from './memory-accounts.ts';

const issuer = 'https://girder.example.org';
const userId = '5f00000000000000000000bb';
const start = 1_700_000_000_000;
const day = 24 * 3600_000;
const everything = ['core.user_auth'];
const bearer = (token: string): Credential => ({ kind: 'token', token });

interface Options {
  readonly fresh?: number;
  readonly stale?: number;
}

async function fixture(options: Options = {}) {
  const clock = { now: start };
  const girder = await fakeGirder(() => clock.now);
  girder.users.set(userId, { login: 'ada', status: 'enabled' });
  const linked = linkedTo(ada, issuer, userId);
  const authenticator = remoteGirder({
    id: issuer,
    url: girder.url,
    fresh: 10_000,
    stale: 60_000,
    timeout: 5_000,
    rules: noNewcomers,
    ...linked.context,
    ...options,
  });
  const token = (scope: readonly string[] = everything, expires = start + 7 * day) => {
    const text = girderText(64);
    girder.tokens.set(text, { scope, expires, userId });
    return text;
  };
  const apiKey = (scope: readonly string[] = everything) => {
    const text = girderText(40);
    girder.keys.set(text, { scope, userId });
    return text;
  };
  const at = (credential: Credential, ms: number) => {
    clock.now = start + ms;
    return authenticator.authenticate(credential, start + ms);
  };
  return { clock, girder, ...linked, authenticator, token, apiKey, at };
}

async function opened(t: TestContext, options: Options = {}) {
  const made = await fixture(options);
  t.after(() => made.girder.close());
  return made;
}

// Nothing is remembered in the suite, so that what Girder revoked dies with the next request.
const running: FakeGirder[] = [];
after(() => Promise.all(running.map((girder) => girder.close())));

for (const kind of ['token', 'key'] as const) {
  authenticatorSuite(`a ${kind} of a Girder elsewhere (a double of it)`, async (now) => {
    const { girder, authenticator, token, apiKey, change } = await fixture({ fresh: 0, stale: 0 });
    running.push(girder);
    const secret = kind === 'token' ? token() : apiKey();
    const length = kind === 'token' ? 64 : 40;
    return {
      authenticator,
      login: ada.login,
      email: ada.email ?? '',
      password: `${kind}:${secret}`,
      token: secret,
      prefixes: [`${kind}:`],
      wrong: [girderText(length), girderText(length)],
      foreign: formatToken(newTokenText()),
      // A deactivated key takes the tokens made for it along.
      revoke: async () => {
        girder.keys.clear();
        girder.tokens.clear();
      },
      disable: async () => change({ status: 'disabled' }),
      enable: async () => change({ status: 'enabled' }),
      expires: kind === 'token' ? now + 7 * day : null,
    };
  });
}

test('a token is asked about with two requests, whose answers count for seconds', async (t) => {
  const { girder, token, at, asked } = await opened(t);
  const text = token();
  for (const ms of [0, 1, 9_999]) assert.equal((await at(bearer(text), ms))?.login, ada.login);
  assert.deepEqual(girder.asked, ['GET /token/current', 'GET /user/me']);
  assert.deepEqual(asked[0], { issuer, subject: userId, login: 'ada' });
  assert.equal(asked.length, 3, 'who it is here is looked up each time');
  await at(bearer(text), 10_000);
  assert.equal(girder.asked.length, 4);
});

test('a bad token costs Girder one request in its seconds', async (t) => {
  const { girder, at } = await opened(t);
  const text = girderText(64);
  for (const ms of [0, 1, 4_999]) await assert.rejects(at(bearer(text), ms), { code: 'unauthenticated' });
  assert.deepEqual(girder.asked, ['GET /token/current']);
});

test('a key makes one token, which is used until shortly before its end', async (t) => {
  const { girder, apiKey, at } = await opened(t);
  const key = apiKey();
  const made = () => girder.asked.filter((line) => line.startsWith('POST')).length;
  for (let ms = 0; ms < 300_000; ms += 7_000) await at(bearer(key), ms);
  assert.equal(made(), 1);
  await at({ kind: 'basic', login: 'ada.l', password: `key:${key}` }, day - 60_001);
  assert.equal(made(), 1);
  assert.ok(await at(bearer(key), day - 50_000));
  assert.equal(made(), 2);
  assert.ok(await at(bearer(key), 2 * day));
  assert.equal(made(), 3);
});

test('a key and the token made for it travel in no URL, and each only where it belongs', async (t) => {
  const { girder, apiKey, token, at } = await opened(t);
  const [key, text] = [apiKey(), token()];
  await at(bearer(key), 0);
  await at(bearer(text), 0);
  const secrets = [key, ...girder.tokens.keys()];
  assert.equal(secrets.length, 3);
  for (const line of girder.asked) {
    for (const secret of secrets) assert.ok(!line.includes(secret), line);
  }
  for (const { 'girder-token': token, ...others } of girder.headers) {
    for (const secret of secrets) assert.ok(!JSON.stringify(others).includes(secret));
    assert.notEqual(token, key);
  }
});

test('a key that was deactivated is out when its answer has aged', async (t) => {
  const { girder, apiKey, at } = await opened(t);
  const key = apiKey();
  await at(bearer(key), 0);
  girder.keys.clear();
  girder.tokens.clear();
  await assert.rejects(at(bearer(key), 10_000), { code: 'unauthenticated' });
});

test('a key is not out with a token made for it that lasts shorter than its answer counts', async (t) => {
  const { girder, at } = await opened(t);
  const key = girderText(40);
  girder.keys.set(key, { scope: everything, userId, days: 5_000 / day });
  for (const ms of [0, 4_999, 5_000, 9_999, 10_000, 15_000]) assert.ok(await at(bearer(key), ms));
});

test('a key whose token Girder forgot gets another', async (t) => {
  const { girder, apiKey, at } = await opened(t);
  const key = apiKey();
  await at(bearer(key), 0);
  girder.tokens.clear();
  assert.ok(await at(bearer(key), 10_000));
  assert.equal(girder.tokens.size, 1);
});

test('scopes are rights; one without any for data is told what it lacks, and makes no account', async (t) => {
  const { token, apiKey, at, asked } = await opened(t);
  const reads = ['core.user_info.read', 'core.data.read'];
  assert.equal((await at(bearer(token(reads)), 0))?.write, false);
  assert.equal((await at(bearer(token([...reads, 'core.data.write'])), 0))?.write, true);
  assert.equal((await at(bearer(apiKey(reads)), 0))?.write, false);
  asked.length = 0;
  await assert.rejects(at(bearer(token(['core.user_info.read'])), 0), { code: 'denied' });
  // Girder does not say whose such a token is.
  const message = /core\.user_info\.read/;
  await assert.rejects(at(bearer(token(['core.data.read'])), 0), { code: 'denied', message });
  assert.equal(asked.length, 0);
});

test('an anonymous session, and a user who is disabled there, are refused, and no more tokens are made', async (t) => {
  const { girder, apiKey, token, at } = await opened(t);
  const session = girderText(64);
  girder.tokens.set(session, { scope: ['core.anonymous_session'], expires: start + day, userId: null });
  await assert.rejects(at(bearer(session), 0), { code: 'unauthenticated' });
  girder.users.set(userId, { login: 'ada', status: 'disabled' });
  await assert.rejects(at(bearer(token()), 0), { code: 'unauthenticated' });
  const key = apiKey();
  for (const ms of [0, 5_000, 10_000]) await assert.rejects(at(bearer(key), ms), { code: 'unauthenticated' });
  assert.equal(girder.asked.filter((line) => line.startsWith('POST')).length, 1);
});

test('while Girder is down, who was known reads, for a bounded time, and nobody is called invalid', async (t) => {
  const { girder, token, apiKey, at } = await opened(t);
  const credentials = [token(), apiKey()].map(bearer);
  for (const credential of credentials) await at(credential, 0);
  await girder.down();
  for (const credential of credentials) {
    const { stale, write } = (await at(credential, 10_000)) ?? {};
    assert.deepEqual([stale, write], [true, true]);
    await assert.rejects(at(credential, 70_000), { code: 'unavailable' });
  }
  for (const unseen of [girderText(64), girderText(40)]) {
    await assert.rejects(at(bearer(unseen), 10_000), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'unavailable');
      assert.ok(!`${error.stack}${JSON.stringify(error.cause)}`.includes(unseen));
      return true;
    });
  }
});
