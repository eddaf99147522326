import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
});
after(() => dav.close());

const type = { 'Content-Type': 'application/x-sabredav-partialupdate' };

async function patched(range: string): Promise<string> {
  await dav.send('PUT', '/homes/ada/digits', {}, '1234567890');
  const answer = await dav.send('PATCH', '/homes/ada/digits', { ...type, 'X-Update-Range': range }, '----');
  assert.equal(answer.status, 204, range);
  assert.match(answer.headers.etag ?? '', /^"/);
  return dav.content('digits');
}

test('PATCH does what SabreDAV’s table says', async () => {
  assert.equal(await patched('bytes=0-3'), '----567890');
  assert.equal(await patched('bytes=1-4'), '1----67890');
  assert.equal(await patched('bytes=0-'), '----567890');
  assert.equal(await patched('bytes=-4'), '123456----');
  assert.equal(await patched('bytes=-2'), '12345678----');
  assert.equal(await patched('bytes=2-'), '12----7890');
  assert.equal(await patched('bytes=12-'), '1234567890\0\0----');
  assert.equal(await patched('append'), '1234567890----');
});

test('PATCH says what is wrong, and changes nothing', async () => {
  await dav.send('PUT', '/homes/ada/kept', {}, 'abc');
  const patch = (headers: Record<string, string>, body: string | string[] = '----') =>
    dav.send('PATCH', '/homes/ada/kept', { ...type, ...headers }, body);
  assert.equal((await patch({ 'X-Update-Range': 'append' }, ['chunk'])).status, 411);
  assert.equal((await patch({ 'X-Update-Range': 'append', 'Content-Type': 'text/plain' })).status, 415);
  assert.equal((await patch({ 'X-Update-Range': 'bytes=0-9' })).status, 416);
  assert.equal((await patch({ 'X-Update-Range': 'bytes=5-2' })).status, 416);
  assert.equal((await patch({ 'X-Update-Range': 'bytes=-9' })).status, 416);
  assert.equal((await patch({ 'X-Update-Range': 'lines=1' })).status, 400);
  assert.equal((await patch({})).status, 400);
  assert.equal((await patch({ 'X-Update-Range': 'append', 'If-Match': '"other"' })).status, 412);
  assert.equal(await dav.content('kept'), 'abc');
});

test('PATCH of what is not there is 404', async () => {
  const headers = { ...type, 'X-Update-Range': 'append' };
  assert.equal((await dav.send('PATCH', '/homes/ada/nothing', headers, 'x')).status, 404);
});

const putRange = (name: string, range: string, body: string | string[], headers = {}) =>
  dav.send('PUT', `/homes/ada/${name}`, { 'Content-Range': range, ...headers }, body);

test('PUT with Content-Range writes a part', async () => {
  await dav.send('PUT', '/homes/ada/part', {}, '1234567890');
  const answer = await putRange('part', 'bytes 3-6/*', 'ABCD');
  assert.equal(answer.status, 204);
  assert.equal(await dav.content('part'), '123ABCD890');
  assert.equal((await putRange('part', 'bytes 10-11/12', ['x', 'y'])).status, 204);
  assert.equal(await dav.content('part'), '123ABCD890xy');
});

test('PUT with Content-Range makes a file from its first byte on, and not from another', async () => {
  assert.equal((await putRange('begun', 'bytes 5-6/7', 'ab')).status, 416);
  assert.equal((await putRange('begun', 'bytes 0-1/7', 'ab')).status, 201);
  assert.equal((await putRange('begun', 'bytes 2-6/7', 'cdefg')).status, 204);
  assert.equal(await dav.content('begun'), 'abcdefg');
});

test('PUT with a Content-Range that does not fit its body is 400 and changes nothing', async () => {
  await dav.send('PUT', '/homes/ada/whole', {}, 'abc');
  assert.equal((await putRange('whole', 'bytes 0-9/*', 'x')).status, 400);
  assert.equal((await putRange('whole', 'bytes 0-9/*', ['x'])).status, 400);
  assert.equal((await putRange('whole', 'bytes */3', 'x')).status, 400);
  assert.equal((await putRange('whole', 'bytes 0-0/*', 'x', { 'If-Match': '"other"' })).status, 412);
  assert.equal(await dav.content('whole'), 'abc');
});
