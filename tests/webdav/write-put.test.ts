import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Dav, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav({ quota: 10_000_000 });
});
after(() => dav.close());

test('PUT makes a file with 201 and a strong ETag, and replaces it with 204 and another', async () => {
  const first = await dav.send('PUT', '/homes/ada/new.txt', {}, 'one');
  assert.equal(first.status, 201);
  assert.match(first.headers.etag ?? '', /^"[^"]+"$/);
  assert.equal(first.headers['oc-etag'], first.headers.etag);
  const second = await dav.send('PUT', '/homes/ada/new.txt', {}, 'two');
  assert.equal(second.status, 204);
  assert.notEqual(second.headers.etag, first.headers.etag);
  assert.equal(second.headers['oc-fileid'], first.headers['oc-fileid']);
  assert.equal(await dav.content('new.txt'), 'two');
});

test('PUT below a folder that is not there is 409', async () => {
  assert.equal((await dav.send('PUT', '/homes/ada/no/such/file', {}, 'x')).status, 409);
});

test('PUT below a file is 409', async () => {
  await dav.send('PUT', '/homes/ada/plain', {}, 'x');
  assert.equal((await dav.send('PUT', '/homes/ada/plain/below', {}, 'x')).status, 409);
});

test('PUT on a folder is 405', async () => {
  await dav.send('MKCOL', '/homes/ada/folder');
  assert.equal((await dav.send('PUT', '/homes/ada/folder', {}, 'x')).status, 405);
  assert.equal((await dav.send('PUT', '/homes/ada/folder/', {}, 'x')).status, 405);
  assert.equal((await dav.send('PUT', '/homes/ada/', {}, 'x')).status, 405);
});

test('of two writers that name one version, the second gets 412 and changes nothing', async () => {
  const { headers } = await dav.send('PUT', '/homes/ada/race', {}, 'base');
  const etag = headers.etag ?? '';
  assert.equal((await dav.send('PUT', '/homes/ada/race', { 'If-Match': etag }, 'mine')).status, 204);
  assert.equal((await dav.send('PUT', '/homes/ada/race', { 'If-Match': etag }, 'yours')).status, 412);
  assert.equal(await dav.content('race'), 'mine');
});

test('of writers that name one version at the same moment, one wins', async () => {
  const { headers } = await dav.send('PUT', '/homes/ada/crowd', {}, 'base');
  const put = (text: string) => dav.send('PUT', '/homes/ada/crowd', { 'If-Match': headers.etag ?? '' }, text);
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(put));
  assert.deepEqual(answers.map((one) => one.status).sort(), [204, 412, 412, 412, 412]);
});

test('If-None-Match: * makes a file once', async () => {
  const put = () => dav.send('PUT', '/homes/ada/once', { 'If-None-Match': '*' }, 'x');
  const answers = await Promise.all([put(), put(), put()]);
  assert.deepEqual(answers.map((one) => one.status).sort(), [201, 412, 412]);
});

test('an entity tag in If is checked, in Not too', async () => {
  const { headers } = await dav.send('PUT', '/homes/ada/tagged', {}, 'x');
  const put = (condition: string) => dav.send('PUT', '/homes/ada/tagged', { If: condition }, 'x');
  assert.equal((await put(`([${headers.etag}])`)).status, 204);
  assert.equal((await put('(["other"])')).status, 412);
  assert.equal((await put(`(Not [${headers.etag}])`)).status, 412);
  assert.equal((await put(`<http://elsewhere.example/a> ([${headers.etag}])`)).status, 412);
  assert.equal((await put(`</homes/grace/a> ([${headers.etag}])`)).status, 412);
  assert.equal((await put(`</homes/ada/tagged> ([${headers.etag}])`)).status, 204);
  assert.equal((await put('(garbage')).status, 400);
});

test('X-OC-Mtime is applied and accepted', async () => {
  const answer = await dav.send('PUT', '/homes/ada/dated', { 'X-OC-Mtime': '1234567890' }, 'x');
  assert.equal(answer.headers['x-oc-mtime'], 'accepted');
  assert.equal((await dav.stat('dated')).modified, 1_234_567_890_000);
  assert.equal((await dav.send('PUT', '/homes/ada/dated', { 'X-OC-Mtime': 'noon' }, 'x')).status, 400);
});

test('a checksum that does not fit leaves the old file, whatever its algorithm', async () => {
  await dav.send('PUT', '/homes/ada/summed', {}, 'old');
  const bad = ['0'.repeat(40), '0'.repeat(64)].map(
    (zeros) => `${zeros.length === 40 ? 'SHA1' : 'SHA256'}:${zeros}`,
  );
  for (const sum of [...bad, 'ADLER32:00000001', 'CRC:1']) {
    assert.equal(
      (await dav.send('PUT', '/homes/ada/summed', { 'OC-Checksum': sum }, 'new')).status,
      400,
      sum,
    );
  }
  assert.equal(await dav.content('summed'), 'old');
});

test('a checksum that fits is kept', async () => {
  const sha1 = createHash('sha1').update('new').digest('hex');
  const headers = { 'OC-Checksum': `SHA1:${sha1.toUpperCase()} ADLER32:028e014b` };
  assert.equal((await dav.send('PUT', '/homes/ada/kept', headers, 'new')).status, 201);
  assert.equal((await dav.stat('kept')).checksums?.sha1, sha1);
});

test('a large body is streamed, and its checksum verified on the way', async () => {
  const body = Buffer.alloc(3_000_000, 'hearth ');
  const md5 = createHash('md5').update(body).digest('hex');
  assert.equal(
    (await dav.send('PUT', '/homes/ada/large', { 'OC-Checksum': `MD5:${md5}` }, body)).status,
    201,
  );
  assert.equal((await dav.stat('large')).size, body.length);
  assert.equal(
    (await dav.send('PUT', '/homes/ada/large', { 'OC-Checksum': `MD5:${'0'.repeat(32)}` }, body)).status,
    400,
  );
});

test('an aborted body leaves the old file', async () => {
  await dav.send('PUT', '/homes/ada/precious', {}, 'old');
  for (const announced of [1_000, 10_000_000 / 2]) {
    await dav.abort('PUT', '/homes/ada/precious', { 'Content-Length': String(announced) }, 'only so far');
  }
  assert.equal(await dav.content('precious'), 'old');
});

test('a chunked body that is not as long as X-Expected-Entity-Length says is refused', async () => {
  const put = (length: string) =>
    dav.send('PUT', '/homes/ada/finder', { 'X-Expected-Entity-Length': length }, ['abc', 'def']);
  assert.equal((await put('7')).status, 400);
  assert.equal((await put('5')).status, 400);
  assert.equal((await put('6')).status, 201);
});

test('a body that a proxy emptied on the way is refused', async () => {
  const headers = { 'X-Expected-Entity-Length': '66', 'Content-Length': '0' };
  assert.equal((await dav.send('PUT', '/homes/ada/emptied', headers)).status, 400);
  await assert.rejects(dav.stat('emptied'));
});

test('what the quota does not hold is 507 before its body, with the precondition', async () => {
  const answer = await dav.send('PUT', '/homes/ada/huge', { 'X-Expected-Entity-Length': '20000000' }, ['x']);
  assert.equal(answer.status, 507);
  assert.match(answer.text, /<D:error xmlns:D="DAV:"><D:quota-not-exceeded\/><\/D:error>/);
});

test('Expect: 100-continue is answered only when the body will be taken', async () => {
  const expecting = { Expect: '100-continue' };
  const good = await dav.send('PUT', '/homes/ada/expected', expecting, 'body');
  assert.deepEqual([good.status, good.continued], [201, true]);
  const bad = await dav.send('PUT', '/homes/ada/no/such/place', expecting, 'body');
  assert.deepEqual([bad.status, bad.continued], [409, false]);
});

test('a Content-Type is kept only when it says more than the name', async () => {
  await dav.send('PUT', '/homes/ada/typed', { 'Content-Type': 'Text/Markdown; charset=utf-8' }, 'x');
  assert.equal((await dav.stat('typed')).mime, 'Text/Markdown; charset=utf-8');
  await dav.send('PUT', '/homes/ada/untyped', { 'Content-Type': 'application/octet-stream' }, 'x');
  assert.equal((await dav.stat('untyped')).mime, null);
});
