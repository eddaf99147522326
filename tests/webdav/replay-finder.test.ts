import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, lockBody, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
});
after(() => dav.close());

const agent = { 'User-Agent': 'WebDAVFS/3.0.0 (03008000) Darwin/23.0.0 (x86_64)' };

/** What Finder sends to save one file, as its traces show. */
async function save(name: string, parts: readonly string[]): Promise<void> {
  const path = `/homes/ada/${name}`;
  const size = parts.join('').length;
  assert.equal((await dav.send('PROPFIND', path, { ...agent, Depth: '0' })).status, 404);
  assert.equal((await dav.send('PUT', path, { ...agent, 'Content-Length': '0' })).status, 201);
  const owner = '<D:owner><D:href>http://www.apple.com/webdav_fs/</D:href></D:owner>';
  const locking = {
    ...agent,
    'Content-Type': 'text/xml; charset="utf-8"',
    Depth: '0',
    Timeout: 'Second-600',
  };
  const locked = await dav.send('LOCK', path, locking, lockBody('exclusive', owner));
  assert.equal(locked.status, 200);
  const held = { If: `(${locked.headers['lock-token']})` };
  const chunked = {
    ...agent,
    ...held,
    'X-Expected-Entity-Length': String(size),
    'Content-Type': 'text/plain',
  };
  assert.equal((await dav.send('PUT', path, chunked, parts)).status, 204);
  assert.equal((await dav.send('PROPFIND', path, { ...agent, Depth: '0' })).status, 207);
  const unlocking = { ...agent, 'Lock-Token': locked.headers['lock-token'] ?? '' };
  assert.equal((await dav.send('UNLOCK', path, unlocking)).status, 204);
  assert.equal(await dav.content(name), parts.join(''));
}

test('Finder saves a file: PUT of nothing, LOCK, a chunked PUT with an untagged If, UNLOCK', async () => {
  await save('report.txt', ['the first part, ', 'the second part']);
});

test('Finder’s ._ file is data and stored like any other', async () => {
  await save('._report.txt', ['\0\x05\x16\x07\0\x02\0\0Mac OS X']);
});

test('Finder’s large chunked file arrives whole', async () => {
  await save(
    'large.bin',
    Array.from({ length: 20 }, (_, part) => String(part % 10).repeat(10_000)),
  );
});

test('Finder’s name in decomposed Unicode meets the same file again', async () => {
  assert.equal((await dav.send('PUT', '/homes/ada/cafe%CC%81', agent, 'x')).status, 201);
  assert.equal((await dav.send('PUT', '/homes/ada/caf%C3%A9', agent, 'y')).status, 204);
  const to = { ...agent, Destination: '/homes/ada/caf%C3%A9' };
  assert.equal((await dav.send('MOVE', '/homes/ada/cafe%CC%81', to)).status, 403);
});
