import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStoreError } from '../../lib/core/error.ts';
import { announcedChecksums, verifiedBody } from '../../lib/webdav/checksum.ts';
import { parseContentRange } from '../../lib/webdav/content-range.ts';
import { formatTimeout, parseTimeout } from '../../lib/webdav/timeout.ts';

const invalid = (error: unknown): boolean => isStoreError(error, 'invalid');

test('a lock lasts half an hour where the client names no time it understands', () => {
  assert.equal(parseTimeout(undefined), 1_800_000);
  assert.equal(parseTimeout('Extend, soon'), 1_800_000);
});

test('a lock lasts as long as the first wish that is understood, an hour at most, for Infinite a day', () => {
  assert.equal(parseTimeout('Second-600'), 600_000);
  assert.equal(parseTimeout('Second-4100000000'), 3_600_000);
  assert.equal(parseTimeout('Infinite, Second-4100000000'), 86_400_000);
  assert.equal(parseTimeout('Later-1, Second-5'), 5_000);
  assert.equal(parseTimeout('Second-0'), 1_000);
});

test('what is left of a lock is told in seconds', () => {
  assert.equal(formatTimeout(10_500, 1_000), 'Second-10');
  assert.equal(formatTimeout(1, 1_000), 'Second-0');
});

test('several checksums of one body are read', () => {
  const sha1 = 'A9993E364706816ABA3E25717850C26C9CD0D89D';
  const { checksums, adler32 } = announcedChecksums({ 'oc-checksum': `SHA1:${sha1} ADLER32:024d0127` });
  assert.deepEqual(checksums, { sha1: sha1.toLowerCase() });
  assert.equal(adler32, '024d0127');
});

test('a Content-Digest (RFC 9530) is a checksum, and an unknown one is passed over', () => {
  const header = 'sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:, unixsum=:AAA=:';
  assert.deepEqual(announcedChecksums({ 'content-digest': header }).checksums, {
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
});

test('a checksum that nobody can verify is refused', () => {
  for (const header of ['CRC32:00000000', 'SHA1:zz', 'SHA1', `SHA1:${'g'.repeat(40)}`]) {
    assert.throws(() => announcedChecksums({ 'oc-checksum': header }), invalid, header);
  }
});

test('ADLER32 is verified while the body passes', async () => {
  const read = async (sum: string) => {
    const parts: Uint8Array[] = [];
    const body = verifiedBody(Buffer.from('abc'.repeat(20_000)), sum);
    for await (const chunk of body as AsyncIterable<Uint8Array>) parts.push(chunk);
    return Buffer.concat(parts).length;
  };
  assert.equal(await read('c719bdf8'), 60_000);
  await assert.rejects(read('00000001'), invalid);
});

test('a Content-Range is bytes FIRST-LAST/TOTAL, and nothing else', () => {
  assert.deepEqual(parseContentRange('bytes 3-6/*'), { first: 3, last: 6 });
  assert.deepEqual(parseContentRange('bytes 0-0/1'), { first: 0, last: 0 });
  for (const header of ['bytes=3-6', 'bytes 6-3/*', 'bytes 0-5/5', 'bytes */5', 'lines 1-2/3', '']) {
    assert.throws(() => parseContentRange(header), invalid, header);
  }
});
