import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { StoreError } from '../../lib/core/error.ts';
import { redact } from '../../lib/core/redact.ts';
import { challengesFor, insufficientScope } from '../../lib/http/challenges.ts';
import { errorReply, jsonErrorReply } from '../../lib/http/errors.ts';
import { originOf } from '../../lib/http/origin.ts';
import { describedBy, metadataUrl, protectedResource } from '../../lib/http/protected-resource.ts';
import { proxyTrust } from '../../lib/http/proxies.ts';

const basic = 'Basic realm="Hearth", charset="UTF-8"';
const resourceMetadata = () => 'https://h.example/.well-known/oauth-protected-resource';
const metadata = 'resource_metadata="https://h.example/.well-known/oauth-protected-resource"';

test('a mount is asked for Basic first, and told of Bearer and its issuers', () => {
  assert.deepEqual(challengesFor({ headers: {} }), [basic, 'Bearer realm="Hearth"']);
  assert.deepEqual(challengesFor({ headers: {}, resourceMetadata }), [
    basic,
    `Bearer realm="Hearth", ${metadata}`,
  ]);
});

test('an API client is asked for Bearer alone', () => {
  const asked = { headers: {}, resourceMetadata, api: true };
  assert.deepEqual(challengesFor(asked), [`Bearer realm="Hearth", ${metadata}`]);
});

test('a token that was sent and is bad is called that; no credential, or a password, is not', () => {
  for (const headers of [{ authorization: 'Bearer x' }, { 'girder-token': 'x' }]) {
    assert.deepEqual(challengesFor({ headers }), [basic, 'Bearer realm="Hearth", error="invalid_token"']);
  }
  assert.deepEqual(challengesFor({ headers: { authorization: 'Basic YTpi' } })[1], 'Bearer realm="Hearth"');
});

test('what a page asks gets no Basic challenge, which would open a dialog; a person who navigates does', () => {
  for (const mode of ['cors', 'same-origin', 'no-cors']) {
    const headers = { 'sec-fetch-mode': mode, 'sec-fetch-dest': 'empty' };
    assert.deepEqual(challengesFor({ headers }), ['Bearer realm="Hearth"'], mode);
  }
  assert.deepEqual(challengesFor({ headers: { 'x-requested-with': 'XMLHttpRequest' } }), [
    'Bearer realm="Hearth"',
  ]);
  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  assert.equal(challengesFor({ headers: navigation })[0], basic);
});

test('a credential that is too small gets 403 with the scope it lacks; another 403 does not', () => {
  const small = new StoreError('denied', { message: 'May only read.', scope: 'write' });
  for (const reply of [errorReply, jsonErrorReply]) {
    const { status, headers } = reply(small, 'r', { headers: {}, resourceMetadata });
    assert.equal(status, 403);
    assert.equal(
      headers?.['WWW-Authenticate'],
      `Bearer realm="Hearth", error="insufficient_scope", scope="write", ${metadata}`,
    );
    assert.equal(
      reply(new StoreError('denied'), 'r', { headers: {} }).headers?.['WWW-Authenticate'],
      undefined,
    );
  }
  assert.match(insufficientScope({ headers: {} }, 'read'), /scope="read"/);
});

test('a failure for programs is JSON with a message and a code, and kept by nobody', () => {
  const { status, headers, body } = jsonErrorReply(new StoreError('not-found', { message: 'No.' }), 'r', {
    headers: {},
  });
  assert.equal(status, 404);
  assert.equal(headers?.['Cache-Control'], 'no-store');
  assert.deepEqual(JSON.parse(String(body)), { message: 'No.', code: 'not-found' });
  assert.doesNotMatch(String(jsonErrorReply(new Error('SELECT'), 'r7', { headers: {} }).body), /SELECT/);
});

const token = `0123456789ab_${'Az09'.repeat(10)}xyz`;
const signed = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.${'s'.repeat(43)}`;

test('tokens are struck out of messages, wherever they stand', () => {
  for (const secret of [token, signed]) {
    for (const text of [secret, `/a/${secret}/b`, `token%3A${secret}`, `x=${secret}&y`, `"${secret}"`]) {
      assert.ok(!redact(text).includes(secret.slice(20)), text);
    }
    const { body } = errorReply(new StoreError('not-found', { path: `/${secret}` }), 'r');
    assert.doesNotMatch(String(body), new RegExp(secret.slice(-20)));
  }
  for (const plain of ['snake_case_name', 'eyJ', 'a_b.c', 'eyJust.a.name'])
    assert.equal(redact(plain), plain);
});

const asks = (headers: Record<string, string>, remoteAddress = '10.0.0.1', secure = false) =>
  ({
    headers,
    socket: { remoteAddress, ...(secure ? { encrypted: true } : {}) },
  }) as unknown as IncomingMessage;

test('the origin is the configured one that was asked for, else the first, else what the request says', () => {
  const nobody = proxyTrust([]);
  const origins = ['https://a.example', 'https://b.example:8443'];
  const of = (headers: Record<string, string>) => originOf(asks(headers), { origins, trusted: nobody });
  assert.equal(of({ host: 'B.example:8443' }), 'https://b.example:8443');
  assert.equal(of({ host: 'evil.example' }), 'https://a.example');
  const open = { origins: [], trusted: nobody };
  assert.equal(originOf(asks({ host: 'c.example:8080' }), open), 'http://c.example:8080');
  assert.equal(originOf(asks({ host: '[::1]:80' }), open), 'http://[::1]:80');
  assert.equal(originOf(asks({ host: 'c.example' }, '1.1.1.1', true), open), 'https://c.example');
  for (const host of ['', 'a"b', 'a b', 'a/b', 'a:b:c'])
    assert.equal(originOf(asks({ host }), open), undefined);
});

test('a trusted proxy may say which origin was asked for, another may not', () => {
  const said = { host: 'inner', 'x-forwarded-host': 'out.example', 'x-forwarded-proto': 'https' };
  const options = { origins: [], trusted: proxyTrust(['10.0.0.0/8']) };
  assert.equal(originOf(asks(said), options), 'https://out.example');
  assert.equal(originOf(asks(said, '192.0.2.1'), options), 'http://inner');
  const forwarded = { host: 'inner', forwarded: 'host=out.example;proto=https' };
  assert.equal(originOf(asks(forwarded), options), 'https://out.example');
});

test('the resource is described as RFC 9728 has it', () => {
  assert.equal(describedBy('/.well-known/oauth-protected-resource'), '');
  assert.equal(describedBy('/.well-known/oauth-protected-resource/homes/a'), '/homes/a');
  assert.equal(describedBy('/.well-known/oauth-protected-resources'), undefined);
  assert.equal(metadataUrl(undefined), undefined);
  assert.deepEqual(protectedResource('https://h.example', ['https://issuer.example']), {
    resource: 'https://h.example',
    resource_name: 'Hearth',
    authorization_servers: ['https://issuer.example'],
    bearer_methods_supported: ['header'],
    scopes_supported: ['read', 'write'],
  });
  assert.equal('authorization_servers' in protectedResource('https://h.example', []), false);
});
