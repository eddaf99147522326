import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { basic, installation } from './hearth.ts';

test('the first start makes a user who can write at once; a later one does not', async (t) => {
  const { serve, json } = await installation(t);
  const server = await serve();
  assert.ok(server.first);
  const { login, password } = server.first;
  const headers = basic(login, password);
  const url = `${server.url}/homes/${login}/hello.txt`;
  assert.equal((await fetch(url, { method: 'PUT', body: 'hello', headers })).status, 201);
  assert.equal(await server.stop(), 0);

  const again = await serve();
  assert.equal(again.first, null);
  const read = await fetch(`${again.url}/homes/${login}/hello.txt`, { headers });
  assert.equal(await read.text(), 'hello');
  assert.equal((await json('user', 'list')).length, 1);
  assert.equal(await again.stop('SIGINT'), 0);
});

test('the first start prints how to mount, with the real address', async (t) => {
  const { start } = await installation(t);
  const { child, texts } = start(['serve', '--port', '0'], { HEARTH_LOG_LEVEL: 'silent' });
  while (!texts.stdout.includes('One more device')) await once(child.stdout, 'data');
  const address = /address\s+(http:\/\/127\.0\.0\.1:\d+\/homes\/[a-z0-9.-]+\/)/.exec(texts.stdout)?.[1];
  assert.ok(address);
  for (const client of ['macOS', 'Windows', 'davfs', 'rclone', 'cadaver', 'curl']) {
    assert.ok(texts.stdout.includes(client), client);
  }
  assert.ok(texts.stdout.includes(`cadaver ${address}`));
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
});

test('every form of a credential opens the home, and a revoked one none from then on', async (t) => {
  const { serve, json } = await installation(t);
  await json('user', 'add', 'ada.l');
  const { token, id } = await json('token', 'create', 'ada.l');
  const { url } = await serve();
  const home = `${url}/homes/ada.l/`;
  const forms: readonly Record<string, string>[] = [
    basic('ada.l', token),
    basic('ada.l', `token:${token}`),
    basic('ada.l', `key:${token}`),
    { authorization: `Bearer ${token}` },
    { 'girder-token': token },
  ];
  const statuses = async () => {
    const found = [];
    for (const headers of forms) found.push((await fetch(home, { headers })).status);
    return found;
  };
  assert.deepEqual(await statuses(), [200, 200, 200, 200, 200]);
  await json('token', 'revoke', id);
  assert.deepEqual(await statuses(), [401, 401, 401, 401, 401]);
});

test('a disabled user is out of a running server at once', async (t) => {
  const { serve, json } = await installation(t);
  const { url, first } = await serve();
  assert.ok(first);
  const home = `${url}/homes/${first.login}/`;
  const headers = basic(first.login, first.password);
  assert.equal((await fetch(home, { headers })).status, 200);
  await json('user', 'disable', first.login);
  assert.equal((await fetch(home, { headers })).status, 401);
  await json('user', 'enable', first.login);
  assert.equal((await fetch(home, { headers })).status, 200);
});

test('limits of a token hold: reading only, and one folder', async (t) => {
  const { serve, json } = await installation(t);
  const { url, first } = await serve();
  assert.ok(first);
  const home = `${url}/homes/${first.login}`;
  const owner = basic(first.login, first.password);
  for (const folder of ['papers', 'private'])
    await fetch(`${home}/${folder}`, { method: 'MKCOL', headers: owner });
  const { token } = await json('token', 'create', first.login, '--scope', 'read', '--path', '/papers');
  const headers = { authorization: `Bearer ${token}` };
  const status = async (method: string, path: string) =>
    (await fetch(`${home}${path}`, { method, headers, ...(method === 'PUT' ? { body: 'x' } : {}) })).status;
  assert.equal(await status('GET', '/papers/'), 200);
  assert.equal(await status('PUT', '/papers/a'), 403);
  assert.ok([403, 404].includes(await status('GET', '/private/')));
});

test('no secret reaches the logs, however it was sent', async (t) => {
  const { serve, json } = await installation(t);
  await json('user', 'add', 'ada.l');
  const { token } = await json('token', 'create', 'ada.l');
  const server = await serve([], { HEARTH_LOG_LEVEL: 'trace' });
  const home = `${server.url}/homes/ada.l/`;
  const wrong = token.replace(/.$/, (last: string) => (last === 'x' ? 'y' : 'x'));
  for (const password of [token, wrong, `token:${token}`]) {
    await fetch(home, { headers: basic('ada.l', password) });
    await fetch(home, { headers: { authorization: `Bearer ${password}` } });
    await fetch(home, { headers: { 'girder-token': password, destination: `${home}?token=${password}` } });
  }
  await fetch(`${home}?token=${token}`);
  await fetch(`${home}${token}`, { method: 'PUT', body: 'x', headers: { authorization: `Bearer ${token}` } });
  assert.equal(await server.stop(), 0);
  const secrets = [token, wrong].flatMap((text) => [
    text.split('_')[1] ?? '',
    Buffer.from(`ada.l:${text}`).toString('base64').slice(0, 40),
  ]);
  for (const secret of secrets) assert.ok(!server.stderr().includes(secret), 'a secret in the logs');
  assert.match(server.stderr(), /"msg":"serving"/);
});

test('health, readiness and metrics are answered, and metrics not to all', async (t) => {
  const { serve } = await installation(t);
  const open = await serve();
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(`${open.url}${path}`, { headers })).status;
  assert.equal(await status('/healthz'), 200);
  assert.equal(await status('/readyz'), 200);
  const metrics = await (await fetch(`${open.url}/metrics`)).text();
  assert.match(metrics, /^# TYPE .*_seconds histogram/m);
  assert.equal(await status('/metrics', { 'x-forwarded-for': '203.0.113.9' }), 403);
  await open.stop();
  const closed = await serve([], { HEARTH_METRICS_TOKEN: 'scrape-me' });
  const bare = await fetch(`${closed.url}/metrics`);
  const told = await fetch(`${closed.url}/metrics`, { headers: { authorization: 'Bearer scrape-me' } });
  assert.deepEqual([bare.status, told.status], [403, 200]);
});

test('a stop waits for the upload that is under way', async (t) => {
  const { serve } = await installation(t);
  const server = await serve();
  assert.ok(server.first);
  const { login, password } = server.first;
  const headers = { ...basic(login, password), 'content-length': 10 };
  const put = request(`${server.url}/homes/${login}/slow.txt`, { method: 'PUT', headers });
  put.write('01234');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const stopped = server.stop();
  await new Promise((resolve) => setTimeout(resolve, 200));
  put.end('56789');
  const [response] = await once(put, 'response');
  assert.equal(response.statusCode, 201);
  response.resume();
  assert.equal(await stopped, 0);
});

test('a second signal does not wait', async (t) => {
  const { serve } = await installation(t);
  const server = await serve();
  assert.ok(server.first);
  const { login, password } = server.first;
  const headers = { ...basic(login, password), 'content-length': 10 };
  const put = request(`${server.url}/homes/${login}/never.txt`, { method: 'PUT', headers });
  put.on('error', () => {});
  put.write('01234');
  await new Promise((resolve) => setTimeout(resolve, 200));
  server.child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await server.stop(), 130);
});

test('workers share the port, what one wrote the other reads, and one that dies is replaced', async (t) => {
  const { serve } = await installation(t);
  const server = await serve(['--workers', '2']);
  assert.ok(server.first);
  const { login, password } = server.first;
  const headers = { ...basic(login, password), connection: 'close' };
  const url = `${server.url}/homes/${login}/shared.txt`;
  assert.equal((await fetch(url, { method: 'PUT', body: 'one', headers })).status, 201);
  for (let i = 0; i < 6; i++) assert.equal(await (await fetch(url, { headers })).text(), 'one');
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /_seconds_count/);

  const pids = () =>
    [...server.stderr().matchAll(/"pid":(\d+)[^\n]*"msg":"serving"/g)].map((match) => Number(match[1]));
  // Log lines are written together, a moment later.
  while (pids().length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(pids()[0] ?? 0, 'SIGKILL');
  while (pids().length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await (await fetch(url, { headers })).text(), 'one');
  assert.equal(await server.stop(), 0);
});

test('a port that is taken ends the start with a sentence', async (t) => {
  const first = await installation(t);
  const { url } = await first.serve();
  const second = await installation(t);
  const { port } = new URL(url);
  for (const workers of ['1', '2']) {
    const ran = await second.hearth('serve', '--port', port, '--workers', workers);
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /taken by another program/);
  }
});

test('listening beyond this machine without TLS is said aloud', async (t) => {
  const { serve } = await installation(t);
  const server = await serve(['--host', '0.0.0.0']);
  assert.match(server.stderr(), /Warning: listening on 0\.0\.0\.0 without TLS/);
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:/);
  assert.equal(await server.stop(), 0);
});
