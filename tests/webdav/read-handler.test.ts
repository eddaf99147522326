import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { Timers } from '../../lib/http/watchdog.ts';
import { type ReadServer, readServer } from './read-server.ts';

let server: ReadServer;
const bells: (() => void)[] = [];
const timers: Timers = {
  set(_, ring) {
    bells.push(ring);
    return { refresh: () => {}, cancel: () => {} };
  },
};

before(async () => {
  server = await readServer({ timers, origins: ['https://dav.example'] });
  server.fake.file('a', 'content');
});
after(() => server.close());

const auth = 'Authorization: Bearer secret\r\nHost: x\r\n';

interface Wire {
  readonly socket: Socket;
  send(text: string): void;
  /** What came, once it matches; rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>;
  ended: Promise<string>;
}

function wire(): Wire {
  const socket = connect(server.port, '127.0.0.1');
  let text = '';
  let wake = () => {};
  let over = false;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    over = true;
    resolve(text);
    wake();
  });
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      if (over) assert.fail(`ended without ${pattern}: ${text}`);
      await new Promise<void>((next) => {
        wake = next;
      });
    }
    const found = text;
    text = '';
    return found;
  };
  return { socket, send: (more) => void socket.write(more, 'latin1'), until, ended };
}

test('OPTIONS is answered everywhere, to everyone, and tells the same', async () => {
  const answers = ['/homes/ada/', '/homes/grace/x', '/homes/ada/missing'].map((path) =>
    server.ask('OPTIONS', path, { authorization: '' }),
  );
  for (const { status, headers } of await Promise.all(answers)) {
    assert.equal(status, 200);
    assert.match(String(headers.dav), /^1, 2, 3, extended-mkcol/);
    assert.equal(headers['ms-author-via'], 'DAV');
    assert.match(String(headers.allow), /PROPFIND.*LOCK/);
  }
  for (const path of ['/', '/homes', '/homes/']) {
    const { status, headers } = await server.ask('OPTIONS', path);
    assert.deepEqual([status, headers.allow], [200, 'OPTIONS, GET, HEAD, PROPFIND, REPORT'], path);
  }
});

test('who does not sign in is asked to, Basic first', async () => {
  for (const [method, path] of [
    ['PROPFIND', '/'],
    ['GET', '/homes/ada/a'],
    ['PUT', '/homes/grace/a'],
  ] as const) {
    const { status, raw } = await server.ask(method, path, { authorization: 'Bearer wrong' });
    assert.equal(status, 401);
    const challenges = raw.filter((_, at) => raw[at - 1] === 'WWW-Authenticate' && at % 2 === 1);
    const metadata = 'https://dav.example/.well-known/oauth-protected-resource';
    assert.deepEqual(challenges, [
      'Basic realm="Hearth", charset="UTF-8"',
      `Bearer realm="Hearth", error="invalid_token", resource_metadata="${metadata}"`,
    ]);
  }
});

test("another user's home is 404, whether there is such a user or not", async () => {
  const [one, two] = await Promise.all([
    server.ask('GET', '/homes/grace/'),
    server.ask('GET', '/homes/nobody-at-all/x'),
  ]);
  assert.deepEqual([one?.status, one?.body], [404, two?.body]);
  assert.equal(two?.status, 404);
});

test('a method that is not known is 405 with what is', async () => {
  for (const [method, path] of [
    ['SEARCH', '/homes/ada/'],
    ['PUT', '/homes/'],
    ['DELETE', '/'],
  ] as const) {
    const { status, headers } = await server.ask(method, path);
    assert.equal(status, 405);
    assert.match(String(headers.allow), /PROPFIND/);
  }
});

test('REPORT is refused with its condition', async () => {
  const { status, body } = await server.ask('REPORT', '/homes/ada/', {}, '<x/>');
  assert.equal(status, 403);
  assert.match(body, /<D:supported-report\/>/);
});

test('what is not below the door is left to others', async () => {
  assert.equal((await server.ask('GET', '/elsewhere')).body, 'Not Found');
});

test('bad URLs are 400, and the connection stays', async () => {
  const { send, until, socket } = wire();
  for (const path of [
    '/homes/ada/../grace',
    '/homes/ada/%2e%2e/x',
    '/homes/ada/%2Fx',
    '/homes/ada/%00',
    '/homes/ada/a#b',
    '/homes/ada/%zz',
  ]) {
    send(`GET ${path} HTTP/1.1\r\n${auth}\r\n`);
    assert.match(await until(/\r\n\r\n.*\n$/s), /^HTTP\/1\.1 400 /, path);
  }
  send(`GET http://x/homes/ada/a HTTP/1.1\r\n${auth}\r\n`);
  assert.match(await until(/content$/), /^HTTP\/1\.1 200 /);
  socket.destroy();
});

test('the connection survives refused requests with small bodies', async () => {
  const { send, until, socket } = wire();
  for (let n = 0; n < 3; n++) {
    send(`PUT /homes/grace/x HTTP/1.1\r\n${auth}Content-Length: 5\r\n\r\nhello`);
    assert.match(await until(/Not found\.\n$/), /^HTTP\/1\.1 404 (?!.*connection: close)/is);
  }
  send(`GET /homes/ada/a HTTP/1.1\r\n${auth}\r\n`);
  await until(/content$/);
  socket.destroy();
});

test('a refused request with a large body is answered, then closed', async () => {
  const { send, until, ended } = wire();
  send(`PUT /homes/grace/x HTTP/1.1\r\n${auth}Content-Length: 1000000\r\n\r\nhello`);
  assert.match(await until(/Not found\.\n/), /connection: close/i);
  send('x'.repeat(1_000_000 - 5));
  await ended;
});

test('a refusal comes before the body and without 100', async () => {
  const { send, until, ended } = wire();
  send(`PUT /homes/grace/x HTTP/1.1\r\n${auth}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  const answer = await until(/Not found\.\n/);
  assert.match(answer, /^HTTP\/1\.1 404 /);
  assert.match(answer, /connection: close/i);
  bells.at(-1)?.();
  await ended;
});

test('100 is sent when the body is asked for', async () => {
  const { send, until, socket } = wire();
  send(`PUT /homes/ada/new HTTP/1.1\r\n${auth}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  assert.match(await until(/\r\n\r\n/), /^HTTP\/1\.1 100 /);
  send('hello');
  assert.match(await until(/\r\n\r\n/), /^HTTP\/1\.1 201 /);
  socket.destroy();
});

test('a body that stops coming is 408, and the connection ends', async () => {
  const { send, until, ended } = wire();
  const before = bells.length;
  send(`PUT /homes/ada/slow HTTP/1.1\r\n${auth}Content-Length: 500000\r\n\r\nhello`);
  while (bells.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
  bells.at(-1)?.();
  assert.match(await until(/\r\n\r\n/), /^HTTP\/1\.1 408 /);
  bells.at(-1)?.();
  await ended;
});

test('an upload that breaks off changes nothing', async () => {
  const { send, socket, until } = wire();
  send(`PUT /homes/ada/broken HTTP/1.1\r\n${auth}Expect: 100-continue\r\nContent-Length: 500000\r\n\r\n`);
  await until(/100 /);
  send('hello');
  socket.destroy();
  while (!server.lines.some((line) => line.path === '/homes/ada/broken')) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(server.lines.find((line) => line.path === '/homes/ada/broken')?.status, 499);
  assert.equal((await server.ask('HEAD', '/homes/ada/broken')).status, 404);
});

test('two requests on one connection are answered in order', async () => {
  const { send, until, socket } = wire();
  send(`GET /homes/ada/a HTTP/1.1\r\n${auth}\r\nHEAD /homes/ada/ HTTP/1.1\r\n${auth}\r\n`);
  assert.match(await until(/content.*\r\n\r\n$/s), /200 OK.*content.*200 OK/s);
  socket.destroy();
});

test('many and long headers do no harm', async () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, 'y'.repeat(50)]));
  assert.equal((await server.ask('GET', '/homes/ada/a', many)).status, 200);
  assert.equal(
    (await server.ask('GET', '/homes/ada/a', { range: `bytes=${'0-0,'.repeat(2_000)}1-1` })).status,
    200,
  );
});

test('each request is a line in the log, without its query', async () => {
  await server.ask('GET', '/homes/ada/a?token=hush');
  const line = server.lines.findLast((one) => one.path === '/homes/ada/a');
  assert.ok(line !== undefined);
  const { method, status, bytes, user, credential } = line;
  assert.deepEqual(
    { method, status, bytes, user, credential },
    { method: 'GET', status: 200, bytes: 7, user: 'ada', credential: 'laptop' },
  );
  assert.doesNotMatch(JSON.stringify(server.lines), /hush|secret/);
});

test('a listing waits for its reader, and ends when the reader never comes', async () => {
  const entry = server.fake.file('many');
  const page = Array.from({ length: 1_000 }, () => entry);
  let pages = 0;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.fake.listOf = async function* () {
    try {
      for (;;) {
        pages += 1;
        yield page;
      }
    } finally {
      resolve();
    }
  };
  const { send, socket, until } = wire();
  send(`PROPFIND /homes/ada/ HTTP/1.1\r\n${auth}Depth: 1\r\n\r\n`);
  await until(/207 Multi-Status/);
  socket.pause();
  const before = bells.length;
  // Quiet: as many pages as the buffers between the two ends hold, and no more.
  for (let seen = -1; seen !== pages; ) {
    seen = pages;
    await new Promise((next) => setTimeout(next, 50));
  }
  assert.ok(pages < 100, `${pages} pages were asked for`);
  assert.equal(bells.length, before);
  bells.at(-1)?.();
  await closed;
  server.fake.listOf = undefined;
  socket.destroy();
});

test('who goes away in the middle of a listing ends it', async () => {
  const entry = server.fake.file('many');
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.fake.listOf = async function* () {
    try {
      for (;;) yield [entry];
    } finally {
      resolve();
    }
  };
  const { send, socket, until } = wire();
  send(`PROPFIND /homes/ada/ HTTP/1.1\r\n${auth}Depth: 1\r\n\r\n`);
  await until(/207 Multi-Status/);
  socket.destroy();
  await closed;
  server.fake.listOf = undefined;
});
