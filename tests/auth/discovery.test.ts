import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { asker } from '../../lib/auth/ask.ts';
import { assertReachable, discovery, metadataUrls } from '../../lib/auth/discovery.ts';

const who = 'The issuer';

/** A server on loopback; its URL, and the paths that it was asked for. */
async function serve(t: TestContext, listener: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const unavailable = (message: RegExp) => ({ code: 'unavailable', message });

test('the well-known name stands after the path of the issuer, or before it', () => {
  assert.deepEqual(metadataUrls('https://a.example'), [
    'https://a.example/.well-known/openid-configuration',
    'https://a.example/.well-known/oauth-authorization-server',
  ]);
  assert.deepEqual(metadataUrls('https://a.example/realms/lab/'), [
    'https://a.example/realms/lab/.well-known/openid-configuration',
    'https://a.example/.well-known/oauth-authorization-server/realms/lab',
    'https://a.example/.well-known/openid-configuration/realms/lab',
    'https://a.example/realms/lab/.well-known/oauth-authorization-server',
  ]);
});

test('an issuer that only has the document of RFC 8414 is found, once an hour', async (t) => {
  const { url, asked } = await serve(t, (request, response) => {
    const found = request.url === '/.well-known/oauth-authorization-server/lab';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(found ? JSON.stringify({ issuer: `${url}/lab`, jwks_uri: `${url}/keys` }) : '{}');
  });
  const metadata = discovery({ issuer: `${url}/lab`, ask: asker({ who }) });
  const [first, second] = await Promise.all([metadata.get(0), metadata.get(0)]);
  assert.deepEqual(first, { issuer: `${url}/lab`, jwks: `${url}/keys`, introspection: null, userinfo: null });
  assert.equal(second, first);
  await metadata.get(3_599_999);
  assert.equal(asked.length, 2);
  await metadata.get(3_600_000);
  assert.equal(asked.length, 4);
});

test('a document of another issuer is refused, were it a slash', async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.end(JSON.stringify({ issuer: `${url}/`, jwks_uri: `${url}/keys` }));
  });
  const metadata = discovery({ issuer: url, ask: asker({ who }) });
  await assert.rejects(metadata.get(0), unavailable(/is not of the issuer/));
});

test('a reply that is too long, no JSON, a redirect or never comes is no document', async (t) => {
  const listeners: readonly RequestListener[] = [
    (_request, response) => response.end(JSON.stringify({ pad: 'x'.repeat(5_000) })),
    (_request, response) => response.end('<html>'),
    (request, response) =>
      request.url === '/target'
        ? response.end(JSON.stringify({ issuer: 'x' }))
        : response.writeHead(302, { location: '/target' }).end(),
    () => {},
  ];
  for (const listener of listeners) {
    const { url, asked } = await serve(t, listener);
    const ask = asker({ who, most: 4_096, timeout: 50 });
    await assert.rejects(discovery({ issuer: url, ask }).get(0), { code: 'unavailable' });
    assert.ok(!asked.includes('/target'));
  }
});

test('http is for an issuer on this machine, unless it is allowed', () => {
  const [here, there] = ['http://127.0.0.1:9', 'https://sso.example'];
  for (const url of ['http://localhost:1/x', 'http://[::1]/x', 'https://elsewhere.example/x']) {
    assertReachable(url, here, false);
  }
  assertReachable('http://sso.example', 'http://sso.example', true);
  for (const url of ['http://sso.example/keys', 'http://127.0.0.1/keys', 'file:///etc/passwd', 'no url']) {
    assert.throws(() => assertReachable(url, there, false), unavailable(/allowHttp/), url);
  }
  assert.throws(
    () => assertReachable('http://127.0.0.1.evil.example/', here, false),
    unavailable(/allowHttp/),
  );
});

test('a document that sends an issuer elsewhere to this machine is refused', async () => {
  const body = JSON.stringify({ issuer: 'https://sso.example', jwks_uri: 'http://127.0.0.1:6379/' });
  const ask = asker({ who, fetch: async () => new Response(body) });
  await assert.rejects(discovery({ issuer: 'https://sso.example', ask }).get(0), unavailable(/allowHttp/));
});
