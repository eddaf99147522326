import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, lockBody, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
});
after(() => dav.close());

const agent = { 'User-Agent': 'davfs2/1.6.1 neon/0.32.2' };
const owner = '<D:owner>davfs2</D:owner>';

test('davfs2 makes a file: LOCK makes it, PUT, HEAD with the same ETag, UNLOCK', async () => {
  const path = '/homes/ada/script.sh';
  const send = (method: string, headers = {}, body?: string) =>
    dav.send(method, path, { ...agent, ...headers }, body);
  const locked = await send('LOCK', { Depth: '0', Timeout: 'Second-1800' }, lockBody('exclusive', owner));
  assert.equal(locked.status, 201);
  const held = { If: `<${path}> (${locked.headers['lock-token']})` };
  const put = await send('PUT', held, '#!/bin/sh\n');
  assert.equal(put.status, 204);
  assert.equal((await send('HEAD')).headers.etag, put.headers.etag);
  const executable =
    '<?xml version="1.0" encoding="utf-8" ?><propertyupdate xmlns="DAV:"><set><prop>' +
    '<executable xmlns="http://apache.org/dav/props/">T</executable></prop></set></propertyupdate>';
  assert.equal((await send('PROPPATCH', held, executable)).status, 207);
  assert.equal((await send('UNLOCK', { 'Lock-Token': locked.headers['lock-token'] })).status, 204);
  assert.equal(((await dav.stat('script.sh')).mode ?? 0) & 0o111, 0o111);

  const update = await send('LOCK', { Depth: '0', Timeout: 'Second-1800' }, lockBody('exclusive', owner));
  assert.equal(update.status, 200);
  const matching = { If: `<${path}> (${update.headers['lock-token']})`, 'If-Match': put.headers.etag ?? '' };
  assert.equal((await send('PUT', matching, '#!/bin/sh\ntrue\n')).status, 204);
  assert.equal((await send('PUT', matching, 'lost update')).status, 412);
});

test('davfs2 learns that another made the file first', async () => {
  await dav.send('PUT', '/homes/ada/theirs', {}, 'x');
  const locked = await dav.send(
    'LOCK',
    '/homes/ada/theirs',
    { ...agent, Depth: '0' },
    lockBody('exclusive', owner),
  );
  assert.equal(locked.status, 200);
  const careful = { ...agent, If: `(${locked.headers['lock-token']})`, 'If-None-Match': '*' };
  assert.equal((await dav.send('PUT', '/homes/ada/theirs', careful, 'mine')).status, 412);
  assert.equal(await dav.content('theirs'), 'x');
});
