/** Accounts of a hub's and a Girder's people: both services are doubles, the catalog is real. */
import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compose } from '../../lib/app/compose.ts';
import { loadConfig } from '../../lib/app/config.ts';
import { readEnvironment } from '../../lib/app/env.ts';
import { validLogin } from '../../lib/app/people.ts';
import { platformTokens } from '../../lib/app/platform-tokens.ts';
import { chain } from '../../lib/auth/chain.ts';
import { tokenNames } from '../../lib/auth/keyed-hash.ts';
import { linkedAccounts } from '../../lib/auth/linked-accounts.ts';
import type { Accounts, Catalog } from '../../lib/core/contracts.ts';
import { fakeGirder, girderText } from '../support/fake-girder.ts';
import { audience, client, startIssuer } from '../support/issuer.ts';
import { house } from '../support/workspace.ts';
import { easyHub } from './easy-hub.ts';

const now = Date.UTC(2026, 0, 1);
const create = { create: true, quota: '1MiB' };

async function configured(t: TestContext, identity: object) {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-foreign-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'hearth.json');
  await writeFile(file, JSON.stringify({ identity, data: join(folder, 'data') }));
  return loadConfig({ env: readEnvironment({}), file, flags: {} });
}

interface Service {
  readonly identity: (accounts: object) => object;
  readonly subject: string;
  readonly token: string;
}

/** Services in which `login` has a token. */
const services = {
  JupyterHub: async (t: TestContext, login: string): Promise<Service> => {
    const hub = await easyHub(t, login);
    const identity = (accounts: object) => ({ jupyterhubs: [{ url: hub.url, id: 'there', accounts }] });
    return { identity, subject: login, token: randomBytes(16).toString('hex') };
  },
  Girder: async (t: TestContext, login: string): Promise<Service> => {
    const girder = await fakeGirder(() => now);
    t.after(girder.close);
    const [token, userId] = [girderText(64), '5f00000000000000000000bb'];
    girder.tokens.set(token, { scope: ['core.user_auth'], expires: now + 1_000, userId });
    girder.users.set(userId, { login, status: 'enabled' });
    const identity = (accounts: object) => ({ girder: { url: girder.url, id: 'there', accounts } });
    return { identity, subject: userId, token };
  },
};

/** A real catalog, and processes over it that know the service's people by these rules. */
async function place(t: TestContext, service: Service, rules: object) {
  const home = await house();
  t.after(home.close);
  const { accounts } = home.catalog;
  const key = createSecretKey(randomBytes(32));
  const { identity } = await configured(t, service.identity(rules));
  const open = () =>
    chain(
      platformTokens(identity, {
        girder: undefined,
        accounts: linkedAccounts({ accounts, key, validLogin }),
        nameOf: tokenNames(key),
      }),
    );
  const enter = (process = open()) => process.authenticate({ kind: 'token', token: service.token }, now);
  return { ...home, accounts, open, enter };
}

async function logins(accounts: Accounts): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const page of accounts.users()) all.push(...page.map(({ login }) => login));
  return all;
}

for (const [kind, service] of Object.entries(services)) {
  test(`${kind}: somebody seen for the first time gets an account, if that is configured, and has it from then on`, async (t) => {
    const there = await service(t, 'grace');
    const shut = await place(t, there, {});
    await assert.rejects(shut.enter(), {
      code: 'unauthenticated',
      message: new RegExp(`No account here is linked to ${there.subject} of there`),
    });
    assert.deepEqual(await logins(shut.accounts), []);
    const open = await place(t, there, create);
    const principal = await open.enter();
    const user = await open.accounts.linked('there', there.subject);
    assert.deepEqual([user?.login, user?.quota, user?.admin], ['grace', 1_048_576, false]);
    assert.deepEqual([principal?.user, principal?.home], [user?.id, user?.home]);
    assert.equal((await open.enter())?.user, user?.id);
    assert.deepEqual(await logins(open.accounts), ['grace']);
  });

  test(`${kind}: a login that is taken gets a number, or is a refusal that leaves nothing`, async (t) => {
    const there = await service(t, 'grace');
    const numbered = await place(t, there, create);
    const owner = await numbered.user('grace');
    const principal = await numbered.enter();
    assert.equal(principal?.login, 'grace-1');
    assert.notEqual(principal?.user, owner.id);
    const refusing = await place(t, there, { ...create, clash: 'refuse' });
    await refusing.user('grace');
    await assert.rejects(refusing.enter(), { code: 'unauthenticated', message: /is taken/ });
    assert.deepEqual(await logins(refusing.accounts), ['grace']);
    assert.equal(await refusing.accounts.linked('there', there.subject), undefined);
  });

  test(`${kind}: first sights at once, in one process and in two, are one account`, async (t) => {
    const there = await service(t, 'grace');
    const { open, enter, accounts } = await place(t, there, create);
    const [one, two] = [open(), open()];
    const all = await Promise.all([one, one, two, two].map(enter));
    assert.equal(new Set(all.map((principal) => principal?.user)).size, 1);
    assert.deepEqual(await logins(accounts), ['grace']);
  });
}

test('a login can be made from something else that the service tells', async (t) => {
  const there = await services.JupyterHub(t, 'grace');
  const { enter } = await place(t, there, { ...create, login: ['nickname', 'name'] });
  assert.equal((await enter())?.login, 'amazing-grace');
});

/** Counts what the accounts are asked. */
function counting(asked: string[]) {
  const watched = <T extends object>(target: T, change: (name: string, value: unknown) => unknown): T =>
    new Proxy(target, {
      get: (object, name) => change(String(name), Reflect.get(object, name, object)),
    });
  const accounts = (real: Accounts): Accounts =>
    watched(real, (name, value) => {
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        asked.push(name);
        return value.apply(real, given);
      };
    });
  return (catalog: Catalog): Catalog =>
    watched(catalog, (name, value) => {
      if (name === 'accounts') return accounts(catalog.accounts);
      return typeof value === 'function' ? value.bind(catalog) : value;
    });
}

test('a request with a token of any kind asks the catalog once, for the user behind the link', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.stop());
  const hub = await services.JupyterHub(t, 'grace');
  const girder = await services.Girder(t, 'grace');
  const one = {
    ...{ issuer: issuer.url, audience: [audience, client.id], accounts: create },
    ...{ clientId: client.id, clientSecretEnv: 'HEARTH_TEST_ISSUER' },
  };
  const config = await configured(t, {
    ...{ issuers: [one], ...hub.identity(create), ...girder.identity(create) },
  });
  process.env.HEARTH_TEST_ISSUER = client.secret;
  t.after(() => delete process.env.HEARTH_TEST_ISSUER);
  const asked: string[] = [];
  const clock = { now: Date.now() };
  const timings = { catalog: counting(asked), blobs: <T>(blobs: T) => blobs };
  const { authenticator, close } = await compose(config, { clock: () => clock.now, timings });
  t.after(close);
  const tokens = {
    'a JWT': await issuer.mint({ subject: 'ada.lovelace' }),
    'an opaque token': await issuer.mint({ subject: 'ada.lovelace', format: 'opaque' }),
    'a token of the hub': hub.token,
    'a token of Girder': girder.token,
  };
  for (const [kind, token] of Object.entries(tokens)) {
    // Girder's double lives in another year than the issuer.
    const at = kind === 'a token of Girder' ? now : clock.now;
    await authenticator.authenticate({ kind: 'token', token }, at);
    for (const form of [token, `token:${token}`]) {
      asked.length = 0;
      const principal = await authenticator.authenticate({ kind: 'token', token: form }, at);
      assert.ok(principal !== undefined, kind);
      assert.deepEqual(asked, ['linked'], kind);
    }
  }
});
