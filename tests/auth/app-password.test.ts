import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { appPasswords, mintAppPassword } from '../../lib/auth/app-password.ts';
import { chain } from '../../lib/auth/chain.ts';
import { touchEvery } from '../../lib/auth/last-use.ts';
import { formatToken, newTokenText, parseToken } from '../../lib/auth/token-text.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { ada, memoryAccounts } from './memory-accounts.ts';

const key = createSecretKey(randomBytes(32));
const week = 7 * 24 * 3600_000;

async function fixture(now: number) {
  const { accounts, touches, change } = memoryAccounts(ada);
  const authenticator = appPasswords({ accounts, key });
  const request = { user: ada.id, name: 'laptop', write: true, expires: now + week };
  const { text, record } = mintAppPassword(key, request, now);
  await accounts.createToken(record);
  return { accounts, touches, change, authenticator, text, record, request };
}

authenticatorSuite('an app password', async (now) => {
  const { accounts, change, authenticator, text, record } = await fixture(now);
  return {
    authenticator,
    login: ada.login,
    email: ada.email ?? '',
    password: text,
    token: text,
    wrong: [formatToken({ ...newTokenText(), id: record.id }), formatToken(newTokenText())],
    foreign: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    revoke: async () => void (await accounts.revokeToken(record.id)),
    disable: async () => change({ status: 'disabled' }),
    enable: async () => change({ status: 'enabled' }),
    expires: now + week,
  };
});

test('a token has 256 bits, an id of its own and a shape that is read back', () => {
  const made = Array.from({ length: 200 }, () => newTokenText());
  assert.equal(new Set(made.map((token) => token.id)).size, made.length);
  for (const token of made) assert.deepEqual(parseToken(formatToken(token)), token);
  const largest = newTokenText((bytes) => new Uint8Array(bytes).fill(255));
  const smallest = newTokenText((bytes) => new Uint8Array(bytes));
  assert.equal(largest.secret.length, 43);
  assert.equal(smallest.secret, '0'.repeat(43));
});

test('a text that is nearly a token is none', () => {
  const text = formatToken(newTokenText());
  for (const other of ['', '_', `${text}0`, text.slice(1), text.replace('_', '-'), ` ${text}`, `${text}\n`]) {
    assert.equal(parseToken(other), undefined, JSON.stringify(other));
  }
});

test('the record keeps no secret', async () => {
  const { text, record } = await fixture(0);
  const secret = parseToken(text)?.secret ?? '';
  assert.equal(record.hash.length, 32);
  assert.ok(
    !JSON.stringify({ ...record, hash: Buffer.from(record.hash).toString('latin1') }).includes(secret),
  );
});

test('a key of another installation opens nothing', async () => {
  const { accounts, text } = await fixture(0);
  const other = appPasswords({ accounts, key: createSecretKey(randomBytes(32)) });
  await assert.rejects(other.authenticate({ kind: 'token', token: text }, 1), { code: 'unauthenticated' });
});

test('the last use is written down at most once a minute', async () => {
  const { authenticator, touches, text } = await fixture(0);
  const at = (now: number) => authenticator.authenticate({ kind: 'token', token: text }, now);
  for (const now of [touchEvery, touchEvery + 1, touchEvery * 2 - 1]) await at(now);
  assert.equal(touches.length, 1);
  await at(touchEvery * 2);
  assert.equal(touches.length, 2);
});

test('a request goes on when its last use cannot be written down', async () => {
  const { accounts, text } = await fixture(0);
  const errors: unknown[] = [];
  const failing = { ...accounts, touchToken: () => Promise.reject(new Error('disk full')) };
  const authenticator = appPasswords({ accounts: failing, key, onError: (error) => errors.push(error) });
  assert.ok(await authenticator.authenticate({ kind: 'token', token: text }, touchEvery));
  await new Promise(setImmediate);
  assert.equal(errors.length, 1);
});

test('limits of the token are limits of the principal', async () => {
  const { accounts, authenticator } = await fixture(0);
  const root = '5f00000000000000000000aa';
  const { text, record } = mintAppPassword(key, { user: ada.id, name: 'r', write: false, root }, 0);
  await accounts.createToken(record);
  const principal = await authenticator.authenticate({ kind: 'token', token: text }, 1);
  assert.deepEqual([principal?.write, principal?.root, principal?.credential], [false, root, record.id]);
});

test('a user on the way to be removed is out', async () => {
  const { authenticator, change, text } = await fixture(0);
  change({ removeAfter: week });
  await assert.rejects(authenticator.authenticate({ kind: 'token', token: text }, 1), {
    code: 'unauthenticated',
  });
});

test('the first authenticator that recognises a credential decides', async () => {
  const { authenticator, text } = await fixture(0);
  const never = { authenticate: () => assert.fail('asked') };
  const deaf = { authenticate: async () => undefined };
  const both = chain([deaf, authenticator, never]);
  assert.equal((await both.authenticate({ kind: 'token', token: text }, 1))?.login, ada.login);
  const none = chain([deaf]);
  assert.equal(await none.authenticate({ kind: 'token', token: text }, 1), undefined);
});

test('a check costs microseconds', async () => {
  const { authenticator, text } = await fixture(0);
  const credential = { kind: 'basic', login: ada.login, password: text } as const;
  for (let i = 0; i < 2000; i++) await authenticator.authenticate(credential, 1);
  const start = process.hrtime.bigint();
  for (let i = 0; i < 2000; i++) await authenticator.authenticate(credential, 1);
  const micros = Number(process.hrtime.bigint() - start) / 2000 / 1000;
  assert.ok(micros < 200, `${micros.toFixed(1)} µs`);
});
