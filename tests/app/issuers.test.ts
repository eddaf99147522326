import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../lib/app/config.ts';
import { readEnvironment } from '../../lib/app/env.ts';
import { issuerSettings } from '../../lib/app/issuers.ts';
import { installation } from '../cli/hearth.ts';
import { audience, client, startIssuer } from '../support/issuer.ts';

async function configured(t: TestContext, issuers: readonly object[]) {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-issuers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'hearth.json');
  await writeFile(file, JSON.stringify({ identity: { issuers } }));
  await writeFile(join(folder, 'secret'), 'from a file\n');
  const load = () => loadConfig({ env: readEnvironment({}), file, flags: {} });
  return { folder, load };
}

test('an issuer needs little: its provider fills in the rest', async (t) => {
  const { load, folder } = await configured(t, [
    { issuer: 'https://sso.example/realms/lab', audience: ['hearth'] },
    { provider: 'github', clientId: 'Iv1', clientSecretFile: 'secret' },
  ]);
  const config = await load();
  const [first, second] = config.identity.issuers;
  assert.ok(first !== undefined && second !== undefined);
  const github = { ...second, clientSecretFile: join(folder, 'secret') };
  const [plain, hub] = await issuerSettings([first, github]);
  assert.deepEqual([plain?.audience, plain?.client, plain?.skew], [['hearth'], null, 30_000]);
  assert.deepEqual([plain?.accounts.create, plain?.scopes.write], [false, null]);
  assert.equal(hub?.issuer, 'https://github.com');
  assert.deepEqual([hub?.audience, hub?.prefixes], [['Iv1'], ['gho_', 'ghu_']]);
  assert.deepEqual(hub?.client, { id: 'Iv1', secret: 'from a file', method: 'basic' });
});

const mistakes: readonly (readonly [string, readonly object[], RegExp])[] = [
  ['no issuer', [{ audience: ['x'] }], /issuers\.0 needs its issuer, a URL/],
  ['no audience', [{ provider: 'orcid' }], /issuers\.0 needs an audience/],
  [
    'a secret in the file',
    [{ provider: 'globus', clientId: 'x', clientSecret: 'y' }],
    /clientSecret is not a key/,
  ],
  [
    'a client without a secret',
    [{ provider: 'globus', clientId: 'x' }],
    /clientSecretFile or clientSecretEnv/,
  ],
  ['a symmetric algorithm', [{ provider: 'orcid', audience: ['x'], algorithms: ['HS256'] }], /algorithms\.0/],
  ['no signature at all', [{ provider: 'orcid', audience: ['x'], algorithms: ['none'] }], /algorithms\.0/],
  [
    'neither keys nor a client',
    [{ provider: 'orcid', audience: ['x'], jwt: false }],
    /needs a clientId to ask/,
  ],
  ['one twice', [1, 2].map(() => ({ provider: 'orcid', audience: ['x'] })), /names an issuer twice/],
];

for (const [what, issuers, message] of mistakes) {
  test(`a configuration with ${what} is refused with what to do`, async (t) => {
    const { load } = await configured(t, issuers);
    await assert.rejects(load(), message);
  });
}

test('a secret that is not where it should be is named by its place', async (t) => {
  const { load } = await configured(t, [
    { provider: 'globus', clientId: 'x', clientSecretEnv: 'HEARTH_TEST_ABSENT' },
    { provider: 'github', clientId: 'y', clientSecretFile: '/nowhere/secret' },
  ]);
  const { identity } = await load();
  await assert.rejects(
    issuerSettings(identity.issuers.slice(0, 1)),
    /not in the variable HEARTH_TEST_ABSENT/,
  );
  await assert.rejects(issuerSettings(identity.issuers.slice(1)), /cannot be read from \/nowhere\/secret/);
});

test("a platform's tokens open a home: made on first sight, read-only where the scope says so, linked by a command", async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.stop());
  const { folder, hearth, json, serve } = await installation(t);
  const file = join(folder, 'hearth.json');
  const scopes = { read: ['files:read'], write: ['files:write'] };
  const one = {
    ...{ issuer: issuer.url, audience: [audience, client.id], typ: 'at+jwt', scopes },
    ...{ clientId: client.id, clientSecretEnv: 'LAB_SECRET', accounts: { create: true, quota: '1MiB' } },
  };
  await writeFile(file, JSON.stringify({ identity: { issuers: [one] } }));
  const server = await serve(['--config', file], { LAB_SECRET: client.secret });
  const [writer, reader, opaque] = await Promise.all([
    issuer.mint({ subject: 'grace' }),
    issuer.mint({ subject: 'grace', scope: 'files:read' }),
    issuer.mint({ subject: 'grace', format: 'opaque' }),
  ]);
  const ask = async (method: string, token: string, body?: string, path = '') => {
    const headers = { authorization: `Bearer ${token}` };
    const init = body === undefined ? {} : { body };
    const response = await fetch(`${server.url}/homes/${path}`, { method, headers, ...init });
    await response.arrayBuffer();
    return response.status;
  };
  assert.equal(await ask('PROPFIND', writer, undefined, ''), 207);
  const [, user] = await json('user', 'list');
  assert.deepEqual([user.quota, user.status], [1_048_576, 'enabled']);
  const note = `${user.login}/note.txt`;
  assert.equal(await ask('PUT', writer, 'kept', note), 201);
  assert.equal(await ask('PUT', reader, 'lost', note), 403);
  assert.equal(await ask('GET', reader, undefined, note), 200);
  assert.equal(await ask('GET', opaque, undefined, note), 200);
  assert.equal(await ask('PUT', `${writer.slice(0, -6)}AAAAAA`, 'x', note), 401);

  const [link] = await json('user', 'links', user.login);
  assert.deepEqual([link.issuer, link.subject], [issuer.url, 'grace']);
  const place = ['--issuer', issuer.url, '--subject', 'grace'];
  assert.match(
    (await hearth('user', 'link', server.first?.login ?? '', ...place)).stderr,
    /is linked to .* already/,
  );
  await hearth('user', 'disable', user.login);
  for (const token of [writer, opaque]) assert.equal(await ask('GET', token, undefined, note), 401);
  await hearth('user', 'enable', user.login);
  assert.equal(await ask('GET', writer, undefined, note), 200);
  await hearth('user', 'unlink', ...place);
  await json('user', 'link', server.first?.login ?? '', ...place);
  assert.equal(await ask('PROPFIND', writer, undefined, server.first?.login), 207);

  assert.equal(await server.stop(), 0);
  for (const secret of [writer, reader, opaque, client.secret]) {
    assert.ok(!server.stderr().includes(secret) && !server.stdout().includes(secret), 'a secret in the log');
  }
});
