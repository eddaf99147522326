import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, lockBody, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
});
after(() => dav.close());

const agent = { 'User-Agent': 'Microsoft-WebDAV-MiniRedir/10.0.19045', Translate: 'f' };
const date = 'Wed, 03 Jan 2024 03:04:05 GMT';

const attributes = (...names: string[]): string =>
  `<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>${names
    .map((name) => `<Z:${name}>${name === 'Win32FileAttributes' ? '00000020' : date}</Z:${name}>`)
    .join('')}</D:prop></D:set></D:propertyupdate>`;

test('Windows makes a file: PUT of nothing, LOCK without Depth, PROPPATCH, HEAD, PUT, PROPPATCH, UNLOCK', async () => {
  const path = '/homes/ada/New%20file.txt';
  const send = (method: string, headers = {}, body?: string) =>
    dav.send(method, path, { ...agent, ...headers }, body);
  assert.equal((await send('PROPFIND', { Depth: '0', 'Content-Length': '0' })).status, 404);
  assert.equal((await send('PUT', { 'Content-Length': '0' })).status, 201);
  const xml = { 'Content-Type': 'text/xml; charset="utf-8"' };
  const owner = '<D:owner><D:href>HOST\\ada</D:href></D:owner>';
  const locked = await send('LOCK', { ...xml, Timeout: 'Second-3600' }, lockBody('exclusive', owner));
  assert.equal(locked.status, 200);
  assert.match(locked.text, /Second-3600/);
  const token = locked.headers['lock-token'] ?? '';
  const held = { If: `(${token})` };
  const times = attributes(
    'Win32CreationTime',
    'Win32LastAccessTime',
    'Win32LastModifiedTime',
    'Win32FileAttributes',
  );
  const first = await send('PROPPATCH', { ...xml, ...held }, times);
  assert.equal(first.status, 207);
  assert.doesNotMatch(first.text, /HTTP\/1.1 4/);
  assert.equal((await send('HEAD')).status, 200);
  assert.equal((await send('PUT', held, 'content')).status, 204);
  assert.equal(
    (await send('PROPPATCH', { ...xml, ...held }, attributes('Win32LastModifiedTime'))).status,
    207,
  );
  assert.equal((await send('UNLOCK', { 'Lock-Token': token.slice(1, -1) })).status, 204);
  const entry = await dav.stat('New file.txt');
  assert.deepEqual([entry.size, entry.modified], [7, Date.UTC(2024, 0, 3, 3, 4, 5)]);
});

test('Office keeps its lock by a LOCK without a body, and the token stays the same', async () => {
  const path = '/homes/ada/paper.docx';
  const locked = await dav.send(
    'LOCK',
    path,
    { ...agent, Timeout: 'Infinite, Second-4100000000' },
    lockBody(),
  );
  const token = locked.headers['lock-token'] ?? '';
  const again = await dav.send('LOCK', path, { ...agent, If: `(${token})`, Timeout: 'Second-3600' });
  assert.equal(again.status, 200);
  assert.ok(again.text.includes(token.slice(1, -1)));
  assert.equal((await dav.send('PUT', path, { ...agent, If: `(${token})` }, 'draft')).status, 204);
});
