import assert from 'node:assert/strict';
import { test } from 'node:test';
import { girderCredentials, girderRights, girderSecret } from '../../lib/auth/girder.ts';
import { formatToken, newTokenText } from '../../lib/auth/token-text.ts';
import type { GirderCredential, GirderCredentials } from '../../lib/core/contracts.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { girderText } from '../support/fake-girder.ts';
import { ada } from './memory-accounts.ts';

const week = 7 * 24 * 3600_000;
type Kept = Omit<GirderCredential, 'user'>;

/** A double of what a catalog in Girder's database has; that catalog's own tests use real documents. */
function memoryGirder() {
  let user = ada;
  const kept = { token: new Map<string, Kept>(), key: new Map<string, Kept>() };
  const looked: string[] = [];
  const find = (kind: 'token' | 'key') => async (secret: string) => {
    looked.push(kind);
    const found = kept[kind].get(secret);
    return found === undefined ? undefined : { ...found, user };
  };
  const credentials: GirderCredentials = { token: find('token'), apiKey: find('key') };
  const change = (patch: Partial<typeof ada>) => {
    user = { ...user, ...patch };
  };
  return { credentials, kept, looked, change, authenticator: girderCredentials(credentials) };
}

for (const kind of ['token', 'key'] as const) {
  const length = kind === 'token' ? 64 : 40;
  authenticatorSuite(`a Girder ${kind} of the shared database`, async (now) => {
    const { authenticator, kept, change } = memoryGirder();
    const secret = girderText(length);
    const expires = kind === 'token' ? now + week : null;
    kept[kind].set(secret, { id: 'an id', scope: null, expires });
    return {
      authenticator,
      login: ada.login,
      email: ada.email ?? '',
      password: `${kind}:${secret}`,
      token: secret,
      prefixes: [`${kind}:`],
      wrong: [girderText(length), girderText(length)],
      foreign: formatToken(newTokenText()),
      revoke: async () => void kept[kind].delete(secret),
      disable: async () => change({ status: 'disabled' }),
      enable: async () => change({ status: 'enabled' }),
      expires,
    };
  });
}

test('each request is one look-up, by the prefix where there is one and by the length where there is none', async () => {
  const { authenticator, kept, looked } = memoryGirder();
  const [token, key] = [girderText(64), girderText(40)];
  for (const [kind, secret] of [['token', token] as const, ['key', key] as const]) {
    kept[kind].set(secret, { id: kind, scope: null, expires: null });
    looked.length = 0;
    await authenticator.authenticate({ kind: 'token', token: secret }, 1);
    await authenticator.authenticate({ kind: 'basic', login: 'ada.l', password: secret }, 1);
    await authenticator.authenticate({ kind: 'basic', login: 'ada.l', password: `${kind}:${secret}` }, 1);
    assert.deepEqual(looked, [kind, kind, kind]);
  }
  for (const password of [`key:${token}`, `token:${key}`]) {
    const credential = { kind: 'basic', login: 'ada.l', password } as const;
    assert.equal(await authenticator.authenticate(credential, 1), undefined, 'the prefix decides');
  }
});

test('what Girder never makes is left to others', () => {
  const others = ['', 'x', girderText(64).slice(1), `${girderText(40)}-`, `pass:${girderText(40)}`];
  // Tokens of other services that are as long: all hexadecimal.
  others.push('0123456789abcdef'.repeat(4), `${'0123456789abcdef'.repeat(2)}01234567`);
  others.push(formatToken(newTokenText()), 'a.b.c', `${girderText(64)}\n`);
  for (const token of others) assert.equal(girderSecret({ kind: 'token', token }), undefined, token);
});

test("Girder's scopes are rights, and writing takes reading too", () => {
  const cases = [
    [null, 'all'],
    [['core.user_auth'], 'all'],
    [['core.data.read'], 'read'],
    [['core.data.read', 'core.data.write'], 'write'],
    [['core.data.write'], 'none'],
    [['core.user_info.read'], 'none'],
    [['core.data.read2'], 'none'],
    [[], 'none'],
  ] as const;
  for (const [scope, rights] of cases) assert.equal(girderRights(scope), rights, String(scope));
});

test('a credential with no scope for data is told what it lacks, one that reads may not write', async () => {
  const { authenticator, kept, change } = memoryGirder();
  change({ admin: true });
  const secret = girderText(64);
  const as = (scope: readonly string[] | null) => {
    kept.token.set(secret, { id: 'an id', scope, expires: null });
    return authenticator.authenticate({ kind: 'token', token: secret }, 1);
  };
  await assert.rejects(as(['core.user_info.read']), { code: 'denied', message: /core\.data\.read/ });
  const seen = async (scope: readonly string[] | null) => {
    const principal = await as(scope);
    return [principal?.write, principal?.admin, principal?.credential];
  };
  assert.deepEqual(await seen(['core.data.read']), [false, false, 'girder:an id']);
  assert.deepEqual(await seen(['core.data.read', 'core.data.write']), [true, false, 'girder:an id']);
  assert.deepEqual(await seen(null), [true, true, 'girder:an id']);
});
