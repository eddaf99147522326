import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { jupyterHubTokens, usualHubTokens } from '../../lib/auth/jupyterhub.ts';
import { formatToken, newTokenText } from '../../lib/auth/token-text.ts';
import type { Credential } from '../../lib/core/contracts.ts';
import { isStoreError, type StoreError } from '../../lib/core/error.ts';
import { linkedTo, noNewcomers } from './linked.ts';
import { ada } from './memory-accounts.ts';

// A real hub does none of this on demand: a double that misbehaves. The real one is in jupyterhub.test.ts.

const start = 1_700_000_000_000;
const good = { kind: 'user', name: 'grace', scopes: ['custom:workspace:write'] };
const text = () => randomBytes(16).toString('hex');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const json =
  (body: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

interface Options {
  readonly tokens?: string;
  readonly timeout?: number;
  readonly base?: string;
}

async function hubThat(t: TestContext, answer: Answer, options: Options = {}) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
  });
  const errors: unknown[] = [];
  const authenticator = jupyterHubTokens({
    id: 'the-hub',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.base ?? ''}`,
    readScope: 'custom:workspace:read',
    writeScope: 'custom:workspace:write',
    tokens: options.tokens ?? usualHubTokens,
    fresh: 10_000,
    stale: 60_000,
    timeout: options.timeout ?? 5_000,
    rules: noNewcomers,
    ...linkedTo(ada, 'the-hub', 'grace').context,
    onError: (error) => errors.push(error),
  });
  const at = (token: string, ms: number) => authenticator.authenticate({ kind: 'token', token }, start + ms);
  return { authenticator, asked, errors, at };
}

async function failure(attempt: Promise<unknown>): Promise<StoreError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isStoreError(error), String(error));
  return error;
}

const faults: Readonly<Record<string, Answer>> = {
  'fails with 500': json({}, 500),
  'is behind a proxy that lost it (503)': json({}, 503),
  'has had enough for now (429)': json({}, 429),
  'is not where the URL says (404)': json({}, 404),
  'sends elsewhere': (_, response) => response.writeHead(302, { location: '/stolen' }).end(),
  'shows a page instead of JSON': (_, response) => response.writeHead(200).end('<html>Sign in</html>'),
  'is older than custom scopes': json({ kind: 'user', name: 'grace' }),
  'names nobody': json({ ...good, name: '' }),
  'answers nothing': json(null),
  'breaks off': (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{');
    setImmediate(() => response.destroy());
  },
  'never ends': (_, response) => {
    const more = (): boolean => response.write(Buffer.alloc(65_536, 32)) && more();
    response.writeHead(200).on('drain', more);
    more();
  },
};

for (const [what, answer] of Object.entries(faults)) {
  test(`a hub that ${what} makes no token invalid, and its log line holds none`, async (t) => {
    const { at, asked, errors } = await hubThat(t, answer);
    const token = text();
    const error = await failure(at(token, 0));
    assert.equal(error.code, 'unavailable');
    assert.match(error.message, /^The JupyterHub the-hub cannot be asked/);
    assert.equal(errors.length, 1);
    assert.ok(error.cause instanceof Error);
    if (what === 'never ends') assert.match(error.cause.message, /longer than 1048576 bytes/);
    assert.ok(!`${error.stack}${error.cause.stack}${String(error.cause.cause)}`.includes(token));
    assert.deepEqual(
      asked.map(({ url }) => url),
      ['/hub/api/user'],
      'and nothing was followed',
    );
  });
}

test('a hub that does not answer in time makes no token invalid', async (t) => {
  const { at } = await hubThat(t, () => undefined, { timeout: 50 });
  assert.equal((await failure(at(text(), 0))).code, 'unavailable');
});

test('an answer that trickles is cut at the time for the whole of it', async (t) => {
  const trickle: Answer = (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(timer));
  };
  const { at } = await hubThat(t, trickle, { timeout: 60 });
  assert.equal((await failure(at(text(), 0))).code, 'unavailable');
});

test('the log hears of a hub that is down, but not at each request', async (t) => {
  const { at, errors } = await hubThat(t, json({}, 500));
  for (const ms of [0, 1, 9_999, 10_000]) await failure(at(text(), ms));
  assert.equal(errors.length, 2);
});

test('a connection that the hub had closed is no failure of the hub, once', async (t) => {
  let closes = 1;
  const { at, asked } = await hubThat(t, (request, response) => {
    if (closes-- > 0) request.socket.destroy();
    else json(good)(request, response);
  });
  assert.equal((await at(text(), 0))?.login, ada.login);
  assert.equal(asked.length, 2);
  closes = 2;
  assert.equal((await failure(at(text(), 0))).code, 'unavailable');
  assert.equal(asked.length, 4);
});

test('401 and 403 are refusals', async (t) => {
  for (const status of [401, 403]) {
    const { at } = await hubThat(t, json({}, status));
    assert.equal((await failure(at(text(), 0))).code, 'unauthenticated');
  }
});

test('a hub is asked below its base URL, with the token in a header alone', async (t) => {
  const { at, asked } = await hubThat(t, json(good), { base: '/base/' });
  const token = text();
  assert.equal((await at(token, 0))?.write, true);
  assert.deepEqual([asked[0]?.method, asked[0]?.url], ['GET', '/base/hub/api/user']);
  assert.equal(asked[0]?.headers.authorization, `token ${token}`);
});

test('a token of ours and a JWT are shown to no hub, whatever its tokens are said to look like', async (t) => {
  const { authenticator, asked, at } = await hubThat(t, json(good), { tokens: '.*' });
  const secrets = [
    formatToken(newTokenText()),
    'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    'eyJhbGciOiJub25lIn0.e30.',
    'eyJhbGciOiJSU0EtT0FFUCJ9.a2V5.aXY.dGV4dA.dGFn',
    'pass word',
    'naïve-token',
    'a\r\nHost:b',
    'x'.repeat(2_049),
    '',
  ];
  for (const secret of secrets) {
    const forms: Credential[] = [
      { kind: 'token', token: secret },
      { kind: 'basic', login: ada.login, password: secret },
      { kind: 'basic', login: ada.login, password: `token:${secret}` },
    ];
    for (const form of forms) {
      assert.equal(await authenticator.authenticate(form, start), undefined, JSON.stringify(form));
    }
  }
  assert.equal(asked.length, 0);
  assert.ok(await at('any-other.opaque~token', 0));
  assert.equal(asked.length, 1);
});

test("what may be somebody's password goes to a hub only where it says that it is a token", async (t) => {
  const { authenticator, asked } = await hubThat(t, json(good), { tokens: '.+' });
  const basic = (password: string) =>
    authenticator.authenticate({ kind: 'basic', login: ada.login, password }, start);
  assert.equal(await basic('correct-horse-battery'), undefined);
  assert.equal(asked.length, 0);
  assert.ok(await basic('token:correct-horse-battery'));
  assert.ok(await basic(text()));
  assert.equal(asked.length, 2);
});

test('without a word of the configuration only hexadecimal tokens are shown to a hub', async (t) => {
  const { asked, at } = await hubThat(t, json(good));
  for (const token of [text().slice(1), text().toUpperCase().replace(/^./, 'F'), `${text()}x`, 'secret'])
    assert.equal(await at(token, 0), undefined);
  assert.equal(asked.length, 0);
  assert.ok(await at(randomBytes(32).toString('hex'), 0));
});
