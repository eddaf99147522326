import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDoor } from './door.ts';

const wellKnown = '/.well-known/oauth-protected-resource';

test('who is not signed in learns where to', async (t) => {
  const { send, url } = await openDoor(t);
  const { challenges } = await send('PROPFIND', '/homes/ada1/');
  const [, at = ''] = /resource_metadata="([^"]+)"/.exec(challenges[1] ?? '') ?? [];
  assert.equal(at, `${url}${wellKnown}`);
  const found = await send('GET', new URL(at).pathname);
  assert.equal(found.status, 200);
  assert.equal(found.headers['content-type'], 'application/json');
  assert.deepEqual(found.json(), {
    resource: url,
    resource_name: 'Hearth',
    bearer_methods_supported: ['header'],
    scopes_supported: ['read', 'write'],
  });
  const head = await send('HEAD', wellKnown);
  assert.deepEqual([head.status, head.text], [200, '']);
  assert.equal((await send('POST', wellKnown)).status, 405);
});

test('each resource is described as what was asked about, and no other is', async (t) => {
  const { send, url } = await openDoor(t);
  for (const resource of ['/homes', '/homes/', '/homes/ada1/x', '/api/hearth/v1']) {
    assert.equal((await send('GET', wellKnown + resource)).json().resource, url + resource);
  }
  for (const resource of ['/homesick', '/evil', '/']) {
    assert.equal((await send('GET', wellKnown + resource)).status, 404, resource);
  }
});

test('behind a proxy the configured origin is named, whatever host is asked for', async (t) => {
  const { send } = await openDoor(t, { publicOrigins: ['https://files.example.org'] });
  for (const host of ['files.example.org', 'evil.example']) {
    const found = await send('GET', `${wellKnown}/homes`, { host });
    assert.equal(found.json().resource, 'https://files.example.org/homes');
    const { challenges } = await send('GET', '/homes/ada1/', { host });
    assert.match(challenges[1] ?? '', /resource_metadata="https:\/\/files\.example\.org\//);
  }
});

test('a page’s fetch is told of Bearer alone, at both doors', async (t) => {
  const { send, url } = await openDoor(t);
  const fetched = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  for (const [method, path] of [
    ['PROPFIND', '/homes/ada1/'],
    ['DELETE', '/api/hearth/v1/mounts/x'],
  ] as const) {
    const { status, challenges } = await send(method, path, fetched);
    assert.equal(status, 401);
    assert.deepEqual(challenges, [`Bearer realm="Hearth", resource_metadata="${url}${wellKnown}"`]);
  }
});
