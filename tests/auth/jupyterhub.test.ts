import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jupyterHubTokens, usualHubTokens } from '../../lib/auth/jupyterhub.ts';
import { sqliteCatalog } from '../../lib/catalog/sqlite.ts';
import type { Credential } from '../../lib/core/contracts.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { startHub, type TestHub } from '../support/jupyterhub.ts';
import { needs } from '../support/needs.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { randomIds } from '../support/workspace.ts';
import { linkedTo, noNewcomers } from './linked.ts';
import { ada } from './memory-accounts.ts';

const bearer = (token: string): Credential => ({ kind: 'token', token });
const garbage = () => randomBytes(16).toString('hex');
const t0 = 1_700_000_000_000;

/** Against a real hub, its real proxy and real servers. */
describe('a real JupyterHub', { skip: needs('jupyterhub'), timeout: 180_000 }, () => {
  let hub: TestHub;
  before(async () => {
    hub = await startHub();
    for (const name of ['mallory', 'eve', 'grace']) await hub.addUser(name);
  });
  after(() => hub?.close());

  /** Of the hub's user `name`, who is Ada here. */
  function authenticatorFor(name: string, cache: { fresh?: number; stale?: number } = {}) {
    const linked = linkedTo(ada, 'https://hub.example.org', name);
    const authenticator = jupyterHubTokens({
      id: 'https://hub.example.org',
      url: hub.url,
      readScope: 'custom:workspace:read',
      writeScope: 'custom:workspace:write',
      tokens: usualHubTokens,
      fresh: 0,
      stale: 0,
      timeout: 5_000,
      rules: noNewcomers,
      ...linked.context,
      ...cache,
    });
    return { ...linked, authenticator };
  }

  // Nothing is remembered, so that what the hub revoked dies with the next request.
  authenticatorSuite('a JupyterHub token', async () => {
    const { authenticator, change } = authenticatorFor('grace');
    const { id, token } = await hub.mint('grace');
    return {
      authenticator,
      login: ada.login,
      email: ada.email ?? '',
      password: token,
      token,
      wrong: [garbage(), garbage()],
      foreign: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
      revoke: () => hub.revoke('grace', id),
      disable: async () => change({ status: 'disabled' }),
      enable: async () => change({ status: 'enabled' }),
      expires: null,
    };
  });

  it('a token of a user writes, a narrowed one reads, one for other things opens nothing', async () => {
    const { authenticator } = authenticatorFor('mallory');
    const cases = [
      [undefined, true],
      [['custom:workspace:write'], true],
      [['custom:workspace:write!user'], true],
      [['custom:workspace:write!user=mallory'], true],
      [['custom:workspace:read'], false],
      [['custom:workspace:read!user=mallory'], false],
    ] as const;
    for (const [scopes, write] of cases) {
      const { token } = await hub.mint('mallory', scopes);
      const principal = await authenticator.authenticate(bearer(token), t0);
      assert.deepEqual([principal?.login, principal?.write], [ada.login, write], String(scopes));
      assert.equal(principal?.admin, false);
    }
    const { token } = await hub.mint('mallory', ['access:servers!user']);
    await assert.rejects(authenticator.authenticate(bearer(token), t0), {
      code: 'denied',
      message: /neither the scope custom:workspace:read nor custom:workspace:write/,
    });
  });

  it("a scope filtered to somebody else, which the hub lets a user mint, is nobody's right", async () => {
    const mallorys = authenticatorFor('mallory');
    const eves = authenticatorFor('eve');
    const { token: own } = await hub.mint('mallory');
    for (const filter of ['user=eve', 'server=mallory/', 'group=everybody']) {
      const scope = `custom:workspace:write!${filter}`;
      // The trap, minted for real, by mallory's own token.
      const { token } = await hub.mint('mallory', [scope], own);
      assert.ok((await scopesOf(token)).includes(scope));
      for (const { authenticator } of [mallorys, eves]) {
        await assert.rejects(authenticator.authenticate(bearer(token), t0), { code: 'denied' });
      }
    }
    assert.deepEqual(eves.asked, [], 'nobody was taken for eve');
  });

  /** What the hub itself says that a token holds. */
  async function scopesOf(token: string): Promise<readonly string[]> {
    const headers = { authorization: `token ${token}` };
    const answer = await fetch(`${hub.url}/hub/api/user`, { headers });
    return ((await answer.json()) as { scopes: string[] }).scopes;
  }

  it("a service's token is refused, whatever scopes it holds and whoever bears its name", async () => {
    await hub.addUser('tests');
    const { authenticator, asked } = authenticatorFor('tests');
    assert.ok((await scopesOf(hub.serviceToken)).includes('custom:workspace:write'));
    await assert.rejects(authenticator.authenticate(bearer(hub.serviceToken), t0), {
      code: 'unauthenticated',
    });
    assert.equal(asked.length, 0);
  });

  it('a user of the hub who is nobody here is refused', async () => {
    const { authenticator, asked } = authenticatorFor('grace');
    const { token } = await hub.mint('eve');
    await assert.rejects(authenticator.authenticate(bearer(token), t0), { code: 'unauthenticated' });
    assert.deepEqual(asked, [{ issuer: 'https://hub.example.org', subject: 'eve', login: 'eve' }]);
  });

  it('what is remembered of a revoked token ends with its seconds', async () => {
    const { authenticator } = authenticatorFor('grace', { fresh: 10_000 });
    const { id, token } = await hub.mint('grace');
    await authenticator.authenticate(bearer(token), t0);
    await hub.revoke('grace', id);
    assert.ok(await authenticator.authenticate(bearer(token), t0 + 9_999));
    await assert.rejects(authenticator.authenticate(bearer(token), t0 + 10_000), { code: 'unauthenticated' });
  });

  describe('through WebDAV', () => {
    let server: TestServer;
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hub-'));
      const file = join(folder, 'hearth.json');
      const jupyterhubs = [{ url: hub.url, id: 'the-hub', cacheFor: 0 }];
      await writeFile(file, JSON.stringify({ identity: { jupyterhubs } }));
      server = await startServer({ args: ['--config', file] });
      const path = join(server.dataDir, 'catalog.sqlite');
      const catalog = await sqliteCatalog({ path, ids: randomIds, clock: Date.now });
      const user = await catalog.accounts.user(server.login);
      await catalog.accounts.link({ issuer: 'the-hub', subject: 'grace', user: user?.id ?? '', created: 0 });
      await catalog.close();
    });
    after(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    async function dav(method: string, token: string, body?: string): Promise<Response> {
      const answer = await fetch(`${server.url}/homes/${server.login}/a.txt`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
      });
      await answer.arrayBuffer();
      return answer;
    }

    it("a server's token opens the workspace, and dies with its server", async () => {
      const token = await hub.startServer('grace');
      assert.equal((await dav('PUT', token, 'one')).status, 201);
      assert.equal((await dav('GET', token)).status, 200);
      await hub.stopServer('grace');
      assert.equal((await dav('GET', token)).status, 401);
      assert.equal((await dav('PUT', token, 'two')).status, 401);
    });

    it('a narrowed token reads and may not write', async () => {
      const { token } = await hub.mint('grace', ['custom:workspace:read']);
      assert.equal((await dav('GET', token)).status, 200);
      assert.equal((await dav('PUT', token, 'three')).status, 403);
    });

    it('while the hub is down, who was known reads, and all else is told to try again', async () => {
      const { token } = await hub.mint('grace');
      const { token: unseen } = await hub.mint('grace');
      assert.equal((await dav('GET', token)).status, 200);
      await hub.down();
      try {
        assert.equal((await dav('GET', token)).status, 200);
        for (const answer of [await dav('PUT', token, 'four'), await dav('GET', unseen)]) {
          assert.equal(answer.status, 503);
          assert.equal(answer.headers.get('retry-after'), '10');
        }
      } finally {
        await hub.up();
      }
      assert.equal((await dav('GET', unseen)).status, 200);
      assert.equal((await dav('PUT', unseen, 'five')).status, 204);
      assert.match(server.log(), /The JupyterHub the-hub cannot be asked/);
      for (const secret of [token, unseen]) assert.ok(!server.log().includes(secret), 'a token in the log');
    });
  });
});
