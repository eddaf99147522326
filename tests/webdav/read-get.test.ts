import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { etag } from '../../lib/webdav/verb.ts';
import { type ReadServer, readServer } from './read-server.ts';

let server: ReadServer;
let tag: string;

before(async () => {
  server = await readServer();
  const digits = server.fake.file('digits.txt', '0123456789'.repeat(100), {
    checksums: { sha1: 'ab', md5: 'cd' },
  });
  tag = etag(digits.version);
  server.fake.file('empty');
  server.fake.file('page.html', '<script>alert(1)</script>');
  server.fake.file('sub/<img src=x>&"\'.txt', 'x'.repeat(2_000));
});
after(() => server.close());
afterEach(() => {
  server.fake.beforeRead = () => {};
  server.fake.bodyOf = (content) => content;
});

const get = (path: string, headers = {}) => server.ask('GET', `/homes/ada/${path}`, headers);

test('GET gives the bytes and what is known of them', async () => {
  const { status, headers, body } = await get('digits.txt');
  assert.equal(status, 200);
  assert.equal(body.length, 1_000);
  assert.equal(headers.etag, tag);
  assert.equal(headers['last-modified'], 'Fri, 02 Jan 2026 03:04:05 GMT');
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(headers['content-length'], '1000');
  assert.equal(headers['accept-ranges'], 'bytes');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['oc-checksum'], 'SHA1:ab');
  assert.equal(headers['content-security-policy'], undefined);
});

test('HEAD says the same without the bytes', async () => {
  const { headers, status, body } = await server.ask('HEAD', '/homes/ada/digits.txt');
  const { date: _, ...rest } = (await get('digits.txt')).headers;
  const { date: __, ...head } = headers;
  assert.equal(status, 200);
  assert.equal(body, '');
  assert.deepEqual(head, rest);
});

test('an empty file is empty', async () => {
  const { status, headers, body } = await get('empty');
  assert.deepEqual([status, headers['content-length'], body], [200, '0', '']);
});

test('a page that might run something is put in a sandbox', async () => {
  server.fake.file('x.svg', '<svg/>');
  server.fake.file('told', 'x', { mime: 'TEXT/HTML' });
  for (const path of ['page.html', 'x.svg', 'told']) {
    assert.equal((await get(path)).headers['content-security-policy'], 'sandbox', path);
  }
});

test('one range is 206 with its part', async () => {
  const { status, headers, body } = await get('digits.txt', { range: 'bytes=998-' });
  assert.deepEqual([status, body, headers['content-range']], [206, '89', 'bytes 998-999/1000']);
  assert.equal(headers['content-length'], '2');
  assert.equal(headers['oc-checksum'], undefined);
});

test('two ranges come as multipart', async () => {
  const { status, headers, body } = await get('digits.txt', { range: 'bytes=0-1,998-999' });
  assert.equal(status, 206);
  assert.match(String(headers['content-type']), /^multipart\/byteranges; boundary=/);
  assert.equal(headers['content-length'], String(body.length));
  assert.match(body, /Content-Range: bytes 0-1\/1000\r\n\r\n01\r\n/);
});

test('a range beyond the end is 416 and tells the size', async () => {
  const { status, headers } = await get('digits.txt', { range: 'bytes=1000-' });
  assert.deepEqual([status, headers['content-range']], [416, 'bytes */1000']);
  assert.equal((await get('empty', { range: 'bytes=0-' })).status, 416);
});

test('If-Range that does not hold gives the whole', async () => {
  assert.equal((await get('digits.txt', { range: 'bytes=0-1', 'if-range': '"other"' })).status, 200);
  assert.equal((await get('digits.txt', { range: 'bytes=0-1', 'if-range': tag })).status, 206);
});

test('conditions are answered with 304 and 412', async () => {
  const same = await get('digits.txt', { 'if-none-match': tag });
  assert.deepEqual([same.status, same.headers.etag, same.body], [304, tag, '']);
  assert.equal((await get('digits.txt', { 'if-match': '"other"' })).status, 412);
  assert.equal((await get('digits.txt', { 'if-match': tag })).status, 200);
  assert.equal((await get('missing', { 'if-match': tag })).status, 404);
});

test('a version that is published between the question and the bytes is never mixed with the one before', async () => {
  let reads = 0;
  server.fake.file('moving', 'a'.repeat(10));
  server.fake.beforeRead = () => {
    reads += 1;
    if (reads === 1) server.fake.file('moving', 'b'.repeat(5));
  };
  const { status, headers, body } = await get('moving', { range: 'bytes=3-' });
  assert.deepEqual([status, body, headers['content-range']], [206, 'bb', 'bytes 3-4/5']);
});

test('a file that never stands still is 503, not a mixture', async () => {
  let reads = 0;
  server.fake.file('moving', 'a');
  server.fake.beforeRead = () => void server.fake.file('moving', String(++reads));
  const { status, headers } = await get('moving', { range: 'bytes=0-0' });
  assert.deepEqual([status, headers['retry-after']], [503, '10']);
});

test('chunks in a buffer that is used again arrive as they were', async () => {
  const size = 300_000;
  server.fake.file('reused', Buffer.alloc(size));
  server.fake.bodyOf = () => ({
    async *[Symbol.asyncIterator]() {
      const buffer = Buffer.alloc(100_000);
      for (const letter of 'abc') yield buffer.fill(letter);
    },
  });
  const { body } = await get('reused');
  assert.equal(body, 'a'.repeat(100_000) + 'b'.repeat(100_000) + 'c'.repeat(100_000));
});

test('a body that fails at once is an error, later the end of the connection', async () => {
  server.fake.file('bad', Buffer.alloc(100_000));
  const failing = (after: number) => () => ({
    async *[Symbol.asyncIterator]() {
      for (let n = 0; n < after; n++) yield Buffer.alloc(10_000);
      throw new Error('disk');
    },
  });
  server.fake.bodyOf = failing(0);
  assert.equal((await get('bad')).status, 500);
  server.fake.bodyOf = failing(2);
  await assert.rejects(get('bad'), /aborted|ECONNRESET|hang up/);
});

test('a body that is shorter than announced is not ended well', async () => {
  server.fake.file('short', Buffer.alloc(1_000));
  server.fake.bodyOf = () => ({
    async *[Symbol.asyncIterator]() {
      yield Buffer.alloc(10);
    },
  });
  await assert.rejects(get('short'), /aborted|ECONNRESET|hang up/);
});

test('a folder is a page with its members, escaped, and without scripts', async () => {
  for (const path of ['sub', 'sub/']) {
    const { status, headers, body } = await get(path);
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/html/);
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    assert.match(body, /href="\/homes\/ada\/sub\/%3Cimg%20src%3Dx%3E%26%22'.txt"/);
    assert.match(body, />&lt;img src=x&gt;&amp;"'\.txt</);
    assert.match(body, /2\.0 KiB/);
    assert.doesNotMatch(body, /<img/);
  }
});

test('HEAD of a folder is 200', async () => {
  for (const path of ['/', '/homes', '/homes/ada', '/homes/ada/sub/']) {
    const { status, headers } = await server.ask('HEAD', path);
    assert.deepEqual([status, headers['content-length']], [200, undefined], path);
  }
});
