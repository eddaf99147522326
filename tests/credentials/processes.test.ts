import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCommand } from '../support/command.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
before(async () => {
  server = await startServer({ args: ['--workers', '2'] });
});
after(() => server?.stop());

const api = '/api/hearth/v1';
/** A connection each, so that the workers share them. */
const apart = { 'content-type': 'application/json', connection: 'close' };

function post(path: string, token?: string, body: object = {}): Promise<Response> {
  const auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...apart, ...auth };
  return fetch(`${server.url}${api}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

const status = async (token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  const answer = await fetch(`${server.url}/homes/${server.login}/`, { headers });
  await answer.body?.cancel();
  return answer.status;
};

async function hearth(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand([...args, '--data', server.dataDir]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

test('of all who redeem a ticket at once, at whichever process, exactly one mounts', async () => {
  for (let round = 0; round < 4; round++) {
    const ticket = await hearth('token', 'ticket', server.login, '--name', `round ${round}`);
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => post('mounts', undefined, { ticket })),
    );
    const statuses = answers.map((answer) => answer.status).toSorted();
    assert.deepEqual(statuses, [201, ...Array.from({ length: 15 }, () => 401)]);
    await Promise.all(answers.map((answer) => answer.body?.cancel()));
  }
});

test('what one process signs, all accept; what a command revokes, none accepts any more', async () => {
  const made = (await (await post('mounts', server.token, { name: 'notebook' })).json()) as {
    readonly id: string;
    readonly credential: string;
  };
  const all = () => Promise.all(Array.from({ length: 12 }, () => status(made.credential)));
  assert.deepEqual(new Set(await all()), new Set([200]));
  const listed = await hearth('token', 'list', server.login);
  assert.match(listed, new RegExp(`^${made.id} +${server.login} +mount +notebook +write`, 'm'));
  assert.ok(!listed.includes(made.credential.slice(-20)));
  await hearth('token', 'revoke', made.id);
  assert.deepEqual(new Set(await all()), new Set([401]));
  assert.equal((await post('mounts/renew', made.credential)).status, 401);
});

test('a disabled user is out at every process at once, mounts and links too', async () => {
  const { credential } = (await (await post('mounts', server.token)).json()) as { credential: string };
  assert.equal(await status(credential), 200);
  await hearth('user', 'disable', server.login);
  const all = await Promise.all(Array.from({ length: 12 }, () => status(credential)));
  assert.deepEqual(new Set(all), new Set([401]));
  assert.equal((await post('mounts/renew', credential)).status, 401);
  await hearth('user', 'enable', server.login);
  assert.equal(await status(credential), 200);
});

test('a ticket of a command says what it is limited to', async () => {
  const headers = { authorization: `Bearer ${server.token}` };
  await fetch(`${server.url}/homes/${server.login}/papers/`, { method: 'MKCOL', headers });
  const ticket = await hearth('token', 'ticket', server.login, '--scope', 'read', '--path', '/papers');
  const listed = JSON.parse(await hearth('token', 'list', server.login, '--json')) as Record<
    string,
    unknown
  >[];
  const one = listed.find(({ id }) => id === ticket.slice(0, 12));
  assert.deepEqual([one?.kind, one?.scope, one?.path], ['ticket', 'read', '/papers']);
  const mounted = (await (await post('mounts', undefined, { ticket })).json()) as Record<string, string>;
  assert.equal(mounted.scope, 'read');
  const auth = { authorization: `Bearer ${mounted.credential}` };
  const put = await fetch(`${server.url}/homes/${server.login}/papers/x`, {
    method: 'PUT',
    headers: auth,
    body: 'x',
  });
  assert.equal(put.status, 403);
  assert.match(put.headers.get('www-authenticate') ?? '', /insufficient_scope/);
  const other = await fetch(`${server.url}/homes/${server.login}/x`, { headers: auth });
  assert.equal(other.status, 403);
});
