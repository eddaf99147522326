import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, lockBody, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
});
after(() => dav.close());

const xml = { 'Content-Type': 'application/xml' };

test('MKCOL makes a folder, once, and only in one that is there', async () => {
  assert.equal((await dav.send('MKCOL', '/homes/ada/one/')).status, 201);
  assert.equal((await dav.send('MKCOL', '/homes/ada/one')).status, 405);
  assert.equal((await dav.send('MKCOL', '/homes/ada/no/such/')).status, 409);
  assert.equal((await dav.send('MKCOL', '/homes/ada')).status, 405);
});

test('MKCOL with a body that is not XML is 415', async () => {
  const answer = await dav.send('MKCOL', '/homes/ada/odd', { 'Content-Type': 'xzy-foo/bar-512' }, 'afafafaf');
  assert.equal(answer.status, 415);
});

const mkcol = (types: string, props = ''): string =>
  `<D:mkcol xmlns:D="DAV:" xmlns:x="x:"><D:set><D:prop><D:resourcetype>${types}</D:resourcetype>${props}</D:prop></D:set></D:mkcol>`;

test('an extended MKCOL sets properties in the same step', async () => {
  const body = mkcol('<D:collection/>', '<D:displayname>Run 7</D:displayname><x:a>é</x:a>');
  assert.equal((await dav.send('MKCOL', '/homes/ada/run', xml, body)).status, 201);
  const { props } = await dav.stat('run');
  assert.deepEqual(Object.keys(props ?? {}).sort(), ['{DAV:}displayname', '{x:}a']);
});

test('an extended MKCOL that fails makes nothing and says why', async () => {
  const answer = await dav.send(
    'MKCOL',
    '/homes/ada/not',
    xml,
    mkcol('<D:collection/>', '<D:getetag>x</D:getetag><x:a/>'),
  );
  assert.equal(answer.status, 403);
  assert.match(answer.text, /<D:mkcol-response .*cannot-modify-protected-property.*424 Failed Dependency/);
  const calendar = await dav.send('MKCOL', '/homes/ada/not', xml, mkcol('<D:collection/><x:calendar/>'));
  assert.equal(calendar.status, 403);
  assert.match(calendar.text, /valid-resourcetype/);
  await assert.rejects(dav.stat('not'));
});

test('DELETE takes a tree, and Depth: 0 is no way to delete a folder', async () => {
  await dav.send('MKCOL', '/homes/ada/gone');
  await dav.send('PUT', '/homes/ada/gone/file', {}, 'x');
  assert.equal((await dav.send('DELETE', '/homes/ada/gone/', { Depth: '0' })).status, 400);
  assert.equal((await dav.send('DELETE', '/homes/ada/gone/file', { Depth: '0' })).status, 204);
  assert.equal((await dav.send('DELETE', '/homes/ada/gone/', { Depth: 'infinity' })).status, 204);
  assert.equal((await dav.send('DELETE', '/homes/ada/gone/')).status, 404);
  assert.equal((await dav.send('DELETE', '/homes/ada/')).status, 403);
});

test('DELETE of a version that is no longer there is 412', async () => {
  await dav.send('PUT', '/homes/ada/version', {}, 'x');
  assert.equal((await dav.send('DELETE', '/homes/ada/version', { 'If-Match': '"other"' })).status, 412);
});

test('DELETE names a locked member in a 207, and a locked target is 423', async () => {
  await dav.send('MKCOL', '/homes/ada/tree');
  await dav.send('PUT', '/homes/ada/tree/a&b', {}, 'x');
  const { headers } = await dav.send('LOCK', '/homes/ada/tree/a&b', xml, lockBody());
  const folder = await dav.send('DELETE', '/homes/ada/tree/');
  assert.equal(folder.status, 207);
  assert.match(
    folder.text,
    /<D:href>\/homes\/ada\/tree\/a(&amp;|%26)b<\/D:href><D:status>HTTP\/1.1 423 Locked/,
  );
  const file = await dav.send('DELETE', '/homes/ada/tree/a&b');
  assert.equal(file.status, 423);
  assert.match(file.text, /<D:lock-token-submitted><D:href>\/homes\/ada\/tree\/a/);
  const token = `</homes/ada/tree/a&b> (${headers['lock-token']})`;
  assert.equal((await dav.send('DELETE', '/homes/ada/tree/', { If: token })).status, 204);
});

const transfer = (method: string, from: string, to: string, headers = {}) =>
  dav.send(method, `/homes/ada/${from}`, { Destination: to, ...headers });

test('COPY makes with 201 and replaces with 204, at an absolute path or URI', async () => {
  await dav.send('PUT', '/homes/ada/source', {}, 'source');
  assert.equal((await transfer('COPY', 'source', '/homes/ada/copied')).status, 201);
  assert.equal((await transfer('COPY', 'source', `${dav.url}/homes/ada/copied`)).status, 204);
  assert.equal((await transfer('COPY', 'source', '/homes/ada/copied', { Overwrite: 'F' })).status, 412);
  assert.equal((await transfer('COPY', 'source', '/homes/ada/copied', { Overwrite: 'maybe' })).status, 400);
  assert.equal(await dav.content('copied'), 'source');
});

test('COPY and MOVE refuse what makes no sense', async () => {
  await dav.send('MKCOL', '/homes/ada/box');
  await dav.send('PUT', '/homes/ada/box/inner', {}, 'x');
  for (const method of ['COPY', 'MOVE']) {
    assert.equal((await transfer(method, 'box', '/homes/ada/box')).status, 403);
    assert.equal((await transfer(method, 'box', '/homes/ada/box/below')).status, 403);
    assert.equal((await transfer(method, 'box/inner', '/homes/ada/box')).status, 403);
    assert.equal((await transfer(method, 'box/inner', '/homes/ada/no/such')).status, 409);
    assert.equal((await transfer(method, 'nothing', '/homes/ada/else')).status, 404);
    assert.equal((await transfer(method, 'box', 'http://elsewhere.example/x')).status, 502);
    assert.equal((await dav.send(method, '/homes/ada/box')).status, 400);
    assert.equal((await transfer(method, 'box', '/homes/ada/x', { Depth: '1' })).status, 400);
  }
  assert.equal((await transfer('MOVE', 'box', '/homes/ada/x', { Depth: '0' })).status, 400);
  assert.equal(await dav.content('box/inner'), 'x');
});

test('a destination in another home tells nothing of what is there', async () => {
  await dav.send('PUT', '/homes/ada/mine', {}, 'x');
  await dav.other('grace', 'exists.txt');
  const answers = await Promise.all(
    ['/homes/grace/exists.txt', '/homes/grace/missing.txt', '/homes/nobody/x'].map((to) =>
      transfer('COPY', 'mine', to),
    ),
  );
  assert.equal(new Set(answers.map((one) => one.status)).size, 1);
  assert.ok([403, 404, 409].includes(answers[0]?.status ?? 0), String(answers[0]?.status));
});

test('COPY with Depth: 0 copies a folder without its members', async () => {
  await dav.send('MKCOL', '/homes/ada/full');
  await dav.send('PUT', '/homes/ada/full/member', {}, 'x');
  assert.equal((await transfer('COPY', 'full', '/homes/ada/hollow', { Depth: '0' })).status, 201);
  assert.equal((await dav.stat('hollow')).kind, 'folder');
  await assert.rejects(dav.stat('hollow/member'));
  assert.equal((await transfer('COPY', 'full', '/homes/ada/full', { Depth: '0' })).status, 403);
});

test('MOVE onto a folder replaces it, and does not merge', async () => {
  await dav.send('MKCOL', '/homes/ada/from');
  await dav.send('PUT', '/homes/ada/from/new', {}, 'new');
  await dav.send('MKCOL', '/homes/ada/to');
  await dav.send('PUT', '/homes/ada/to/old', {}, 'old');
  assert.equal((await transfer('MOVE', 'from', '/homes/ada/to/', { Overwrite: 'F' })).status, 412);
  assert.equal((await transfer('MOVE', 'from', '/homes/ada/to/')).status, 204);
  assert.equal(await dav.content('to/new'), 'new');
  await assert.rejects(dav.stat('to/old'));
  await assert.rejects(dav.stat('from'));
});
