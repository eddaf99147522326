import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sign, verify } from '../../lib/auth/signed.ts';
import { publishAhead, ringSetting, signingKeys } from '../../lib/auth/signing-keys.ts';
import { ada, memoryAccounts } from './memory-accounts.ts';

const key = createSecretKey(randomBytes(32));
const day = 24 * 3600_000;
const start = 1_700_000_000_000;

function ring(accounts = memoryAccounts(ada).accounts, serverKey = key, onError?: (error: unknown) => void) {
  const told = onError === undefined ? {} : { onError };
  return signingKeys({ accounts, key: serverKey, rotateEvery: 30 * day, verifyFor: day, ...told });
}

const draft = (expires: number) => ({ id: '0123456789ab', user: ada.id, expires, more: {} });

test('two processes that start at once agree on the key', async () => {
  const { accounts } = memoryAccounts(ada);
  const [a, b] = [ring(accounts), ring(accounts)];
  const [one, two] = await Promise.all([a.current(start), b.current(start)]);
  assert.equal(one.kid, two.kid);
  assert.equal(a.issuer, b.issuer);
  assert.deepEqual(one.for('mount').export(), two.for('mount').export());
  const text = await sign(a, 'mount', draft(start + 1000), start);
  assert.equal((await verify(b, 'mount', text, { now: start })).user, ada.id);
});

test('no key is in the settings, and another server key is another installation', async () => {
  const { accounts, settings } = memoryAccounts(ada);
  const mine = ring(accounts);
  const secret = (await mine.current(start)).for('mount').export();
  const kept = settings.get(ringSetting) ?? '';
  for (const form of ['hex', 'base64', 'base64url'] as const)
    assert.ok(!kept.includes(secret.toString(form)));
  const other = ring(accounts, createSecretKey(randomBytes(32)));
  assert.notEqual(other.issuer, mine.issuer);
  assert.notDeepEqual((await other.current(start)).for('mount').export(), secret);
});

test('each purpose has a key of its own', async () => {
  const { for: keyFor } = await ring().current(start);
  assert.notDeepEqual(keyFor('mount').export(), keyFor('download').export());
});

test('after a rotation in one process, the other verifies old and new, and the old ends when it must', async () => {
  const { accounts } = memoryAccounts(ada);
  const [a, b] = [ring(accounts), ring(accounts)];
  const far = start + 9 * day;
  const old = await sign(a, 'mount', draft(far), start);
  await b.current(start);
  await a.rotate(start + 1000);
  const published = await sign(a, 'mount', draft(far), start + 2000);
  const header = (text: string) => JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());
  assert.equal(header(published).kid, header(old).kid, 'a key that others may not know yet signs nothing');
  const signs = start + 1000 + publishAhead;
  const fresh = await sign(a, 'mount', draft(far), signs);
  assert.notEqual(header(fresh).kid, header(old).kid);
  for (const text of [old, fresh]) await verify(b, 'mount', text, { now: signs });
  assert.equal((await b.current(signs)).kid, header(fresh).kid);
  const end = signs + day;
  await verify(b, 'mount', old, { now: end - 1 });
  for (const process of [a, b]) {
    await assert.rejects(verify(process, 'mount', old, { now: end }), { code: 'unauthenticated' });
    await verify(process, 'mount', fresh, { now: end });
  }
});

test('a key that is old enough is followed by another, by itself, whichever process sees it', async () => {
  const { accounts } = memoryAccounts(ada);
  const [a, b] = [ring(accounts), ring(accounts)];
  const first = (await a.current(start)).kid;
  const due = start + 30 * day;
  await Promise.all([a.current(due), b.current(due)]);
  const [one, two] = await Promise.all([a.current(due + publishAhead), b.current(due + publishAhead)]);
  assert.equal(one.kid, two.kid);
  assert.notEqual(one.kid, first);
  const again = ring(accounts);
  assert.equal((await again.current(due + publishAhead)).kid, one.kid);
});

test('a rotation that cannot be written down stops nobody', async () => {
  const { accounts } = memoryAccounts(ada);
  const errors: unknown[] = [];
  const first = (await ring(accounts).current(start)).kid;
  const full = { ...accounts, putSetting: () => Promise.reject(new Error('disk full')) };
  const keys = ring(full, key, (error) => errors.push(error));
  assert.equal((await keys.current(start + 31 * day)).kid, first);
  assert.equal(errors.length, 1);
});

test('the ring is read at most once in ten seconds, whatever kid is asked for', async () => {
  const { accounts } = memoryAccounts(ada);
  let reads = 0;
  const counted = {
    ...accounts,
    setting: (name: string) => {
      reads += 1;
      return accounts.setting(name);
    },
  };
  const keys = ring(counted);
  await Promise.all(Array.from({ length: 50 }, (_, at) => keys.find(`${at + 2}`, start)));
  for (let at = 0; at < 50; at++) assert.equal(await keys.find(`x${at}`, start + at * 100), undefined);
  assert.equal(reads, 1);
  await keys.find('x', start + 10_000);
  assert.equal(reads, 2);
});

test('a ring of sixteen takes no more, and one that is damaged says what to do', async () => {
  const { accounts, settings } = memoryAccounts(ada);
  const keys = ring(accounts);
  await keys.current(start);
  for (let at = 1; at < 16; at++) await keys.rotate(start + at);
  await assert.rejects(keys.rotate(start + 17), { code: 'unavailable' });
  for (const damaged of ['', '[]', '{"generation":1}', '[{"generation":"1","from":0}]']) {
    settings.set(ringSetting, damaged);
    await assert.rejects(ring(accounts).current(start), {
      code: 'internal',
      message: /hearth\.signing-keys/,
    });
  }
});
