import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential } from '../../lib/core/contracts.ts';
import { isStoreError, StoreError } from '../../lib/core/error.ts';
import { authenticate, credentialOf } from '../../lib/http/authenticate.ts';
import { ada } from '../webdav/fake-workspace.ts';

const basic = (text: string | Buffer) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

test('Basic gives a login and a password, which may hold colons', () => {
  assert.deepEqual(credentialOf(basic('ada:a:b')), { kind: 'basic', login: 'ada', password: 'a:b' });
  assert.deepEqual(credentialOf(basic('ada:')), { kind: 'basic', login: 'ada', password: '' });
});

test('a Windows domain before the login is passed over', () => {
  assert.deepEqual(credentialOf(basic('LAB\\ada:x')), { kind: 'basic', login: 'ada', password: 'x' });
});

test('Basic is read as UTF-8, and as Latin-1 where it cannot be that', () => {
  assert.deepEqual(credentialOf(basic('zoë:ü')), { kind: 'basic', login: 'zoë', password: 'ü' });
  const latin = basic(Buffer.from('zoë:ü', 'latin1'));
  assert.deepEqual(credentialOf(latin), { kind: 'basic', login: 'zoë', password: 'ü' });
});

test('Bearer and Girder-Token give a token, Authorization first', () => {
  assert.deepEqual(credentialOf({ authorization: 'bearer t' }), { kind: 'token', token: 't' });
  assert.deepEqual(credentialOf({ 'girder-token': ' g ' }), { kind: 'token', token: 'g' });
  assert.deepEqual(credentialOf({ authorization: 'Bearer t', 'girder-token': 'g' }), {
    kind: 'token',
    token: 't',
  });
});

test('what is no credential is none', () => {
  const bad = [
    '',
    'Basic',
    'Basic !',
    'Basic eA==',
    'Digest x',
    'Bearer',
    'Bearer a b',
    `Bearer ${'x'.repeat(9000)}`,
  ];
  for (const authorization of bad) assert.equal(credentialOf({ authorization }), undefined, authorization);
  assert.equal(credentialOf({}), undefined);
});

test('a verdict is asked for each time, so that a revocation counts at once', async () => {
  let revoked = false;
  const seen: Credential[] = [];
  const authenticator = {
    authenticate: async (credential: Credential) => {
      seen.push(credential);
      if (revoked) throw new StoreError('unauthenticated');
      return ada;
    },
  };
  const headers = basic('ada:once');
  assert.equal(await authenticate(headers, authenticator, 0), ada);
  revoked = true;
  await assert.rejects(authenticate(headers, authenticator, 0), (error) =>
    isStoreError(error, 'unauthenticated'),
  );
  assert.equal(seen.length, 2);
});

test('no credential, or one that nobody knows, is unauthenticated', async () => {
  const nobody = { authenticate: async () => undefined };
  for (const headers of [{}, basic('a:b')]) {
    await assert.rejects(authenticate(headers, nobody, 0), (error) => isStoreError(error, 'unauthenticated'));
  }
});
