import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { at } from '../support/workspace.ts';
import { lockBody } from '../webdav/write-server.ts';
import { type Answer, bearer, type Header, openDoor } from './door.ts';

type Door = Awaited<ReturnType<typeof openDoor>>;
type Ask = readonly [method: string, path: string, headers?: Header, body?: string];

const set =
  '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">1</x></D:prop></D:set></D:propertyupdate>';
const partial = { 'content-type': 'application/x-sabredav-partialupdate', 'x-update-range': 'append' };

/** Every verb that changes something, at a file, with a destination in the same folder. */
const changes = (file: string, folder: string): readonly Ask[] => [
  ['PUT', file, {}, 'new'],
  ['PUT', `${folder}new.txt`, {}, 'new'],
  ['PATCH', file, partial, 'x'],
  ['MKCOL', `${folder}made/`],
  ['COPY', file, { destination: `${folder}copy.txt` }],
  ['MOVE', file, { destination: `${folder}moved.txt` }],
  ['PROPPATCH', file, { 'content-type': 'application/xml' }, set],
  ['LOCK', file, { 'content-type': 'application/xml' }, lockBody()],
  ['LOCK', `${folder}unborn.txt`, { 'content-type': 'application/xml' }, lockBody()],
  ['DELETE', file],
];

function tooSmall(answer: Answer, scope: string, what: string): void {
  assert.equal(answer.status, 403, what);
  assert.equal(answer.challenges.length, 1, what);
  assert.match(
    answer.challenges[0] ?? '',
    new RegExp(`^Bearer realm="Hearth", error="insufficient_scope", scope="${scope}"`),
    what,
  );
}

const said = ([method, path, headers]: Ask): string => `${method} ${path} ${headers?.destination ?? ''}`;

async function withHome(t: TestContext) {
  const door = await openDoor(t);
  const papers = await door.folder('papers');
  await door.file('papers/a.txt', 'a');
  await door.folder('other');
  await door.file('other/b.txt', 'b');
  const before = async () => (await door.workspace.stat(at('home'))).version;
  return { ...door, papers, before };
}

/** The token itself, and the credential of a mount that was made from it. */
async function both(door: Door, limits: Parameters<Door['token']>[0]): Promise<readonly Header[]> {
  const token = bearer(await door.token(limits));
  return [token, bearer((await door.post('mounts', token)).json().credential)];
}

test('a credential that may only read is refused every change, and changes nothing', async (t) => {
  const door = await withHome(t);
  const version = await door.before();
  for (const auth of await both(door, { write: false })) {
    for (const ask of changes('/homes/ada1/papers/a.txt', '/homes/ada1/papers/')) {
      const [method, path, headers, body] = ask;
      tooSmall(await door.send(method, path, { ...headers, ...auth }, body), 'write', said(ask));
    }
    for (const method of ['GET', 'HEAD', 'PROPFIND']) {
      const { status } = await door.send(method, '/homes/ada1/papers/a.txt', auth);
      assert.equal(status, method === 'PROPFIND' ? 207 : 200, method);
    }
  }
  assert.equal(await door.before(), version);
});

test('a credential that may only read neither ends nor prolongs a lock of its own user', async (t) => {
  const door = await withHome(t);
  const path = '/homes/ada1/papers/a.txt';
  const full = bearer(await door.token());
  const locked = await door.send('LOCK', path, { ...full, timeout: 'Second-100' }, lockBody());
  const token = String(locked.headers['lock-token']);
  const reader = bearer(await door.token({ write: false }));
  tooSmall(await door.send('UNLOCK', path, { ...reader, 'lock-token': token }), 'write', 'UNLOCK');
  tooSmall(await door.send('LOCK', path, { ...reader, if: `(${token})` }), 'write', 'refresh');
  assert.equal((await door.workspace.locks(at('home/papers/a.txt'))).length, 1);
  assert.equal((await door.send('LOCK', path, { ...full, if: `(${token})` })).status, 200);
  assert.equal((await door.send('UNLOCK', path, { ...full, 'lock-token': token })).status, 204);
});

test('a limited credential changes its folder and nothing else, whichever verb is used', async (t) => {
  const door = await withHome(t);
  for (const auth of await both(door, { root: door.papers.id })) {
    const version = await door.before();
    for (const ask of changes('/homes/ada1/other/b.txt', '/homes/ada1/papers/')) {
      const [method, path, headers, body] = ask;
      if (!path.includes('other')) continue;
      // COPY and PROPPATCH look before they write: what they lack first is the right to read.
      tooSmall(
        await door.send(method, path, { ...headers, ...auth }, body),
        method === 'COPY' || method === 'PROPPATCH' ? 'read' : 'write',
        said(ask),
      );
    }
    for (const ask of [
      ['COPY', '/homes/ada1/papers/a.txt', { destination: '/homes/ada1/other/c.txt' }],
      ['MOVE', '/homes/ada1/papers/a.txt', { destination: '/homes/ada1/other/c.txt' }],
      ['MOVE', '/homes/ada1/papers/a.txt', { destination: '/homes/ada1/c.txt' }],
      ['COPY', '/homes/ada1/papers/a.txt', { destination: '/homes/ada1/other/b.txt', overwrite: 'T' }],
      ['MOVE', '/homes/ada1/papers/', { destination: '/homes/ada1/renamed/' }],
      ['DELETE', '/homes/ada1/papers/'],
      ['MKCOL', '/homes/ada1/new/'],
      ['PROPPATCH', '/homes/ada1/', {}, set],
      ['LOCK', '/homes/ada1/', {}, lockBody()],
    ] as readonly Ask[]) {
      const [method, path, headers, body] = ask;
      tooSmall(await door.send(method, path, { ...headers, ...auth }, body), 'write', said(ask));
    }
    for (const [method, path] of [
      ['GET', '/homes/ada1/other/b.txt'],
      ['HEAD', '/homes/ada1/other/b.txt'],
      ['PROPFIND', '/homes/ada1/other/'],
      ['GET', '/homes/ada1/other/none.txt'],
    ] as const) {
      tooSmall(await door.send(method, path, auth), 'read', `${method} ${path}`);
    }
    const seen = await door.send('PROPFIND', '/homes/ada1/', { depth: '1', ...auth });
    assert.match(seen.text, /papers/);
    assert.doesNotMatch(seen.text, /other/);
    assert.equal(await door.before(), version);
  }
});

test('within its folder a limited credential does everything', async (t) => {
  const door = await withHome(t);
  for (const auth of await both(door, { root: door.papers.id })) {
    await door.file('papers/a.txt', 'a');
    for (const ask of changes('/homes/ada1/papers/a.txt', '/homes/ada1/papers/')) {
      const [method, path, headers, body] = ask;
      const answer = await door.send(method, path, { ...headers, ...auth }, body);
      assert.ok(answer.status < 300, `${said(ask)}: ${answer.status} ${answer.text}`);
      const token = answer.headers['lock-token'];
      if (method === 'LOCK') await door.send('UNLOCK', path, { ...auth, 'lock-token': String(token) });
      if (method === 'MOVE') {
        await door.workspace.move(at('home/papers/moved.txt'), at('home/papers/a.txt'));
      }
    }
    for (const name of ['new.txt', 'made', 'copy.txt', 'unborn.txt']) {
      await door.workspace.remove(at(`home/papers/${name}`));
    }
  }
});

test('the limit of a credential is its folder, wherever that is renamed and moved', async (t) => {
  const door = await withHome(t);
  const auths = await both(door, { root: door.papers.id });
  await door.workspace.move(at('home/papers'), at('home/articles'));
  await door.folder('deep');
  await door.workspace.move(at('home/articles'), at('home/deep/articles'));
  // What stands at the old place now is another folder.
  await door.folder('papers');
  await door.file('papers/a.txt', 'not yours');
  for (const auth of auths) {
    const put = await door.send('PUT', '/homes/ada1/deep/articles/a.txt', auth, 'b');
    assert.equal(put.status, 204);
    const get = await door.send('GET', '/homes/ada1/deep/articles/a.txt', auth);
    assert.equal(get.text, 'b');
    tooSmall(await door.send('GET', '/homes/ada1/papers/a.txt', auth), 'read', 'the old place');
    tooSmall(await door.send('PUT', '/homes/ada1/papers/a.txt', auth, 'x'), 'write', 'the old place');
    tooSmall(await door.send('PUT', '/homes/ada1/deep/x.txt', auth, 'x'), 'write', 'the folder above');
    const listed = await door.send('PROPFIND', '/homes/ada1/', { depth: '1', ...auth });
    assert.match(listed.text, /deep/);
    assert.doesNotMatch(listed.text, /papers/);
  }
  await door.workspace.remove(at('home/deep/articles'));
  for (const auth of auths) {
    assert.equal((await door.send('GET', '/homes/ada1/deep/articles/a.txt', auth)).status, 403);
    assert.equal((await door.send('PUT', '/homes/ada1/papers/a.txt', auth, 'x')).status, 403);
  }
});

test('a credential that ends while its bearer is connected ends at once, at every verb', async (t) => {
  const door = await withHome(t);
  const ends = door.clock() + 60_000;
  const auth = bearer(await door.token({ expires: ends }));
  const asks = [
    ...changes('/homes/ada1/papers/a.txt', '/homes/ada1/papers/'),
    ['GET', '/homes/ada1/papers/a.txt'],
    ['PROPFIND', '/homes/ada1/'],
    ['UNLOCK', '/homes/ada1/papers/a.txt', { 'lock-token': '<urn:uuid:x>' }],
  ] as readonly Ask[];
  door.clock.now = ends - 1;
  assert.equal((await door.send('GET', '/homes/ada1/papers/a.txt', auth)).status, 200);
  door.clock.now = ends;
  const version = await door.before();
  for (const ask of asks) {
    const [method, path, headers, body] = ask;
    const answer = await door.send(method, path, { ...headers, ...auth }, body);
    assert.equal(answer.status, 401, said(ask));
    assert.equal(answer.challenges[0], 'Basic realm="Hearth", charset="UTF-8"');
    assert.match(answer.challenges[1] ?? '', /error="invalid_token"/);
  }
  assert.equal(await door.before(), version);
});

test('what may not be done for another reason is no matter of scope', async (t) => {
  const door = await withHome(t);
  const auth = bearer(await door.token());
  const answer = await door.send('DELETE', '/homes/ada1/', auth);
  assert.deepEqual([answer.status, answer.challenges], [403, []]);
});
