import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../lib/app/config.ts';
import { readEnvironment } from '../../lib/app/env.ts';
import { platformTokens } from '../../lib/app/platform-tokens.ts';
import { chain } from '../../lib/auth/chain.ts';
import type { GirderCredentials } from '../../lib/core/contracts.ts';
import { linkedTo } from '../auth/linked.ts';
import { ada } from '../auth/memory-accounts.ts';
import { fakeGirder, girderText } from '../support/fake-girder.ts';
import { easyHub } from './easy-hub.ts';

const now = 1_700_000_000_000;

async function configured(t: TestContext, identity?: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-config-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'hearth.json');
  await writeFile(file, JSON.stringify(identity === undefined ? {} : { identity }));
  return (await loadConfig({ env: readEnvironment({}), file, flags: {} })).identity;
}

test('without any settings no service is asked about tokens', async (t) => {
  const { jupyterhubs, girder } = await configured(t);
  assert.deepEqual(jupyterhubs, []);
  assert.deepEqual([girder.shared, girder.url], [true, null]);
});

test('a hub needs its URL and nothing else', async (t) => {
  const { jupyterhubs } = await configured(t, { jupyterhubs: [{ url: 'https://hub.example.org/base' }] });
  assert.deepEqual(jupyterhubs, [
    {
      url: 'https://hub.example.org/base',
      id: null,
      readScope: 'custom:workspace:read',
      writeScope: 'custom:workspace:write',
      tokens: '[0-9a-f]{32,128}',
      cacheFor: 10_000,
      staleFor: 300_000,
      timeout: 5_000,
      accounts: { create: false, login: null, clash: 'number', quota: null },
    },
  ]);
});

test('what cannot be a hub or a Girder is refused by its key', async (t) => {
  const hub = (more: object) => ({ jupyterhubs: [{ url: 'https://hub.example.org', ...more }] });
  const cases = [
    [hub({ url: 'hub.example.org' }), 'identity.jupyterhubs.0.url'],
    [hub({ url: 'file:///etc/passwd' }), 'identity.jupyterhubs.0.url'],
    [hub({ url: 'https://ada:secret@hub.example.org' }), 'identity.jupyterhubs.0.url'],
    [hub({ url: 'https://hub.example.org/?token=secret' }), 'identity.jupyterhubs.0.url'],
    [hub({ readScope: 'read:users' }), 'identity.jupyterhubs.0.readScope'],
    [hub({ tokens: '(' }), 'identity.jupyterhubs.0.tokens'],
    [hub({ cacheFor: '2m' }), 'identity.jupyterhubs.0.cacheFor'],
    [hub({ timeout: 0 }), 'identity.jupyterhubs.0.timeout'],
    [hub({ token: 'secret' }), 'identity.jupyterhubs.0.token'],
    [{ girder: { url: 'girder.example.org' } }, 'identity.girder.url'],
  ] as const;
  for (const [identity, key] of cases) {
    await assert.rejects(configured(t, identity), (error: Error) => {
      assert.ok(error.message.includes(key), error.message);
      assert.ok(!error.message.includes('secret'), error.message);
      return true;
    });
  }
});

const none: GirderCredentials = { token: async () => undefined, apiKey: async () => undefined };

test('Girder decides about what looks like its own, and a hub never sees it', async (t) => {
  const hub = await easyHub(t);
  const { jupyterhubs, girder } = await configured(t, { jupyterhubs: [{ url: hub.url, tokens: '.+' }] });
  const { context } = linkedTo(ada, hub.url, 'grace');
  const services = chain(platformTokens({ jupyterhubs, girder }, { girder: none, ...context }));
  const ask = (token: string) => services.authenticate({ kind: 'token', token }, now);
  await assert.rejects(ask(girderText(64)), { code: 'unauthenticated' });
  assert.deepEqual(hub.seen, []);
  assert.equal((await ask('a-token-of-the-hub'))?.login, ada.login);
  assert.deepEqual(hub.seen, ['token a-token-of-the-hub']);
});

test("a shared database's Girder can be left out, and one elsewhere is asked about what it does not know", async (t) => {
  const elsewhere = await fakeGirder(() => now);
  t.after(elsewhere.close);
  const token = girderText(64);
  elsewhere.tokens.set(token, { scope: ['core.user_auth'], expires: now + 1_000, userId: 'u1' });
  elsewhere.users.set('u1', { login: 'ada', status: 'enabled' });
  const looked: string[] = [];
  const credentials = { ...none, token: async (secret: string) => void looked.push(secret) };
  const { context } = linkedTo(ada, 'the-girder', 'u1');
  const both = { url: elsewhere.url, id: 'the-girder' };
  for (const [given, looks] of [[both, 1] as const, [{ ...both, shared: false }, 0] as const]) {
    looked.length = 0;
    const { jupyterhubs, girder } = await configured(t, { girder: given });
    const services = chain(platformTokens({ jupyterhubs, girder }, { girder: credentials, ...context }));
    assert.equal((await services.authenticate({ kind: 'token', token }, now))?.login, ada.login);
    assert.equal(looked.length, looks);
  }
});
