import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appPasswords } from '../../lib/auth/app-password.ts';
import { mountCredentials } from '../../lib/auth/mount-credential.ts';
import { publishAhead, signingKeys } from '../../lib/auth/signing-keys.ts';
import { formatToken, newTokenText } from '../../lib/auth/token-text.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { ada } from './memory-accounts.ts';
import {
  claimsOf,
  forge,
  grant,
  headerOf,
  hmac,
  hour,
  minute,
  now,
  ownCredentials,
  publicPem,
  rsa,
} from './own-credentials.ts';

const bearer = (token: string) => ({ kind: 'token', token }) as const;
const refusal = { code: 'unauthenticated', message: 'The credential is not valid.' };

authenticatorSuite('a mount credential', async (at) => {
  const { accounts, keys, mounts, change } = ownCredentials();
  const { text, id, expires } = await mounts.issue(grant, at);
  const header = headerOf(text);
  const key = (await keys.current(at)).for('mount').export();
  const unknown = forge(header, { ...claimsOf(text), jti: '0123456789ab' }, hmac('sha256', key));
  return {
    authenticator: mounts,
    login: ada.login,
    email: ada.email ?? '',
    password: text,
    token: text,
    wrong: [`${text.slice(0, text.lastIndexOf('.') + 1)}${'A'.repeat(43)}`, unknown],
    foreign: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    revoke: async () => void (await accounts.revokeToken(id)),
    disable: async () => change({ status: 'disabled' }),
    enable: async () => change({ status: 'enabled' }),
    expires,
  };
});

test('the credential bears the id of its record, and nothing of what it may do', async () => {
  const { keys, mounts } = ownCredentials();
  const root = '5f00000000000000000000aa';
  const { text, id, expires, renewAfter } = await mounts.issue({ ...grant, write: false, root }, now);
  assert.deepEqual(headerOf(text), { alg: 'HS256', typ: 'JWT', kid: '1' });
  assert.deepEqual(claimsOf(text), {
    iss: keys.issuer,
    aud: `${keys.issuer}:mount`,
    sub: ada.id,
    jti: id,
    iat: now / 1000,
    exp: now / 1000 + 600,
  });
  assert.deepEqual([expires, renewAfter], [now + 10 * minute, now + 5 * minute]);
  const principal = await mounts.authenticate(bearer(text), now);
  assert.deepEqual([principal?.write, principal?.root, principal?.credential], [false, root, id]);
});

test('what is forged is refused: alg none, RS256, HS512, a wrong kid, no kid, another issuer’s claims', async () => {
  const { keys, mounts } = ownCredentials();
  const { text } = await mounts.issue(grant, now);
  const claims = claimsOf(text);
  const current = await keys.current(now);
  const key = current.for('mount').export();
  const forged = {
    none: forge({ alg: 'none', kid: '1' }, claims, () => ''),
    'none, any case': forge({ alg: 'nOnE', kid: '1' }, claims, () => ''),
    'none, signed': forge({ alg: 'none', kid: '1' }, claims, hmac('sha256', key)),
    RS256: forge({ alg: 'RS256', kid: '1' }, claims, rsa),
    'HS256 with a public key as secret': forge({ alg: 'HS256', kid: '1' }, claims, hmac('sha256', publicPem)),
    HS512: forge({ alg: 'HS512', kid: '1' }, claims, hmac('sha512', key)),
    'kid of nobody': forge({ alg: 'HS256', kid: '7' }, claims, hmac('sha256', key)),
    'kid as a path': forge({ alg: 'HS256', kid: '../../1' }, claims, hmac('sha256', key)),
    'kid as a number': forge({ alg: 'HS256', kid: 1 }, claims, hmac('sha256', key)),
    'kid inherited': forge({ alg: 'HS256', kid: '__proto__' }, claims, hmac('sha256', key)),
    'no kid': forge({ alg: 'HS256' }, claims, hmac('sha256', key)),
    'an empty key': forge({ alg: 'HS256', kid: '1' }, claims, hmac('sha256', Buffer.alloc(0))),
    'the key of downloads': forge(headerOf(text), claims, hmac('sha256', current.for('download').export())),
    'audience of downloads': forge(
      headerOf(text),
      { ...claims, aud: `${keys.issuer}:download` },
      hmac('sha256', key),
    ),
    'no audience': forge(headerOf(text), { ...claims, aud: undefined }, hmac('sha256', key)),
    'no end': forge(headerOf(text), { ...claims, exp: undefined }, hmac('sha256', key)),
    'an end that is no number': forge(headerOf(text), { ...claims, exp: 'never' }, hmac('sha256', key)),
    'no id': forge(headerOf(text), { ...claims, jti: undefined }, hmac('sha256', key)),
    'another user': forge(
      headerOf(text),
      { ...claims, sub: '5f00000000000000000000ff' },
      hmac('sha256', key),
    ),
    'changed claims': text.replace(
      /\.[^.]+\./,
      `.${Buffer.from(JSON.stringify({ ...claims, exp: 9e9 })).toString('base64url')}.`,
    ),
  };
  for (const [what, credential] of Object.entries(forged)) {
    await assert.rejects(mounts.authenticate(bearer(credential), now), refusal, what);
    await assert.rejects(mounts.renew(bearer(credential), now), refusal, what);
  }
  assert.ok(await mounts.authenticate(bearer(text), now), 'the real one is good');
});

test('a JWT of somebody else, and what is none, is left to the next', async () => {
  const { mounts } = ownCredentials();
  const other = ownCredentials();
  const { text } = await other.mounts.issue(grant, now);
  for (const foreign of [
    text,
    'a.b.c',
    'eyJ',
    'eyJ.eyJ.x',
    `eyJ${'.'.repeat(50)}`,
    '',
    'eyJhbGciOiJub25lIn0.MQ.',
  ]) {
    assert.equal(await mounts.authenticate(bearer(foreign), now), undefined, foreign);
  }
});

test('it is renewed with itself, over and over, beyond the end of what it came from', async () => {
  const { accounts, mounts } = ownCredentials();
  let { text, id } = await mounts.issue(grant, now);
  let at = now;
  for (let turn = 0; turn < 300; turn++) {
    at += 9 * minute;
    const renewed = await mounts.renew(bearer(text), at);
    assert.equal(renewed.id, id);
    text = renewed.text;
    assert.equal((await mounts.authenticate(bearer(text), at))?.login, ada.login);
  }
  assert.ok(at - now > 24 * hour);
  assert.equal((await accounts.token(id))?.token.expires, at + 24 * hour);
});

test('one that has ended is renewed while its record lives, and not a millisecond longer', async () => {
  const { mounts } = ownCredentials();
  const { text } = await mounts.issue(grant, now);
  const end = now + 24 * hour;
  await assert.rejects(mounts.authenticate(bearer(text), end - 1), { code: 'unauthenticated' });
  await assert.rejects(mounts.renew(bearer(text), end), refusal);
  const { text: fresh, principal } = await mounts.renew(bearer(text), end - 1);
  assert.equal(principal.login, ada.login);
  assert.ok(await mounts.authenticate(bearer(fresh), end + 1));
});

test('parallel renewals all work, and write the new end once', async () => {
  const { accounts, keys } = ownCredentials();
  let written = 0;
  const counted = {
    ...accounts,
    extendToken: (id: string, expires: number) => {
      written += 1;
      return accounts.extendToken(id, expires);
    },
  };
  const mounts = mountCredentials({ accounts: counted, keys, lifetime: 10 * minute, keep: 24 * hour });
  const { text } = await mounts.issue(grant, now);
  const at = now + 6 * minute;
  const all = [await mounts.renew(bearer(text), at)];
  all.push(...(await Promise.all(Array.from({ length: 20 }, () => mounts.renew(bearer(text), at + 5)))));
  for (const renewed of all) assert.ok(await mounts.authenticate(bearer(renewed.text), at + 6));
  assert.equal(written, 1);
});

test('a mount that was revoked, or whose user is out, is renewed no more', async () => {
  const { accounts, mounts, change } = ownCredentials();
  const { text, id } = await mounts.issue(grant, now);
  change({ status: 'disabled' });
  await assert.rejects(mounts.renew(bearer(text), now), refusal);
  change({ status: 'enabled' });
  await accounts.revokeToken(id);
  await assert.rejects(mounts.renew(bearer(text), now + hour), refusal);
});

test('a revocation between the look at the record and the move of its end counts', async () => {
  const { accounts, keys } = ownCredentials();
  const late = {
    ...accounts,
    extendToken: async (id: string, expires: number) => {
      await accounts.revokeToken(id);
      return accounts.extendToken(id, expires);
    },
  };
  const mounts = mountCredentials({ accounts: late, keys, lifetime: 10 * minute, keep: 24 * hour });
  const { text } = await mounts.issue(grant, now);
  await assert.rejects(mounts.renew(bearer(text), now + hour), refusal);
});

test('the id of a mount, a ticket or a link with some secret is no password', async () => {
  const { accounts, key, mounts, tickets, downloads } = ownCredentials();
  const passwords = appPasswords({ accounts, key });
  const { id } = await mounts.issue(grant, now);
  const link = await downloads.issue(
    { user: ada.id, entry: { id: '5f00000000000000000000aa', name: 'a' }, expires: now + minute },
    now,
  );
  const { text } = await tickets.issue(grant, now);
  for (const one of [id, link.id]) {
    const guess = formatToken({ ...newTokenText(), id: one });
    await assert.rejects(passwords.authenticate(bearer(guess), now), refusal);
  }
  await assert.rejects(passwords.authenticate(bearer(text), now), refusal);
});

test('a signature that was right once is believed no longer than its key and its time', async () => {
  const { accounts, key } = ownCredentials();
  const keys = signingKeys({ accounts, key, rotateEvery: 1e12, verifyFor: minute });
  const mounts = mountCredentials({ accounts, keys, lifetime: 10 * minute, keep: 24 * hour });
  const { text } = await mounts.issue(grant, now);
  for (let turn = 0; turn < 3; turn++) assert.ok(await mounts.authenticate(bearer(text), now));
  await keys.rotate(now);
  const end = now + publishAhead + minute;
  assert.ok(await mounts.authenticate(bearer(text), end - 1));
  await assert.rejects(mounts.authenticate(bearer(text), end), refusal);
  await assert.rejects(mounts.renew(bearer(text), end), refusal);
});

test('a check costs microseconds', async () => {
  const { mounts } = ownCredentials();
  const { text } = await mounts.issue(grant, now);
  for (let i = 0; i < 2000; i++) await mounts.authenticate(bearer(text), now);
  const start = process.hrtime.bigint();
  for (let i = 0; i < 2000; i++) await mounts.authenticate(bearer(text), now);
  const micros = Number(process.hrtime.bigint() - start) / 2000 / 1000;
  assert.ok(micros < 200, `${micros.toFixed(1)} µs`);
});
