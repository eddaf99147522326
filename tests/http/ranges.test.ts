import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentRange, multipart, parseRanges } from '../../lib/http/ranges.ts';

const spans = (header: string, size = 100) => {
  const ranges = parseRanges(header, size);
  return typeof ranges === 'string' ? ranges : ranges.map(({ offset, length }) => [offset, length]);
};

test('one range is read, closed, open or from the end', () => {
  assert.deepEqual(spans('bytes=0-0'), [[0, 1]]);
  assert.deepEqual(spans('bytes=10-19'), [[10, 10]]);
  assert.deepEqual(spans('bytes=90-'), [[90, 10]]);
  assert.deepEqual(spans('bytes=-10'), [[90, 10]]);
  assert.deepEqual(spans('BYTES = 0-1'), [[0, 2]]);
});

test('a range is cut to the content', () => {
  assert.deepEqual(spans('bytes=90-1000'), [[90, 10]]);
  assert.deepEqual(spans('bytes=-1000'), [[0, 100]]);
  assert.deepEqual(spans(`bytes=5-${'9'.repeat(400)}`), [[5, 95]]);
});

test('ranges that all lie outside of the content cannot be satisfied', () => {
  assert.equal(spans('bytes=100-'), 'unsatisfiable');
  assert.equal(spans('bytes=-0'), 'unsatisfiable');
  assert.equal(spans('bytes=0-', 0), 'unsatisfiable');
  assert.equal(spans('bytes=-5', 0), 'unsatisfiable');
  assert.deepEqual(spans('bytes=200-300, 1-2'), [[1, 2]]);
});

test('what is not understood means the whole', () => {
  for (const header of ['bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'lines=1-2', 'bytes=5-4', 'bytes=1-2-3']) {
    assert.equal(spans(header), 'ignore', header);
  }
  assert.equal(parseRanges(undefined, 100), 'ignore');
});

test('too many ranges mean the whole', () => {
  const many = Array.from({ length: 65 }, (_, n) => `${n * 1000}-${n * 1000}`).join(',');
  assert.equal(spans(`bytes=${many}`, 100_000), 'ignore');
});

test('overlapping and neighbouring ranges become one', () => {
  assert.deepEqual(spans('bytes=0-49,40-99'), [[0, 100]]);
  assert.deepEqual(spans('bytes=500-509,0-9,5-20', 1000), [
    [0, 21],
    [500, 10],
  ]);
});

test('ranges that lie apart stay in the order of the client', () => {
  assert.deepEqual(spans('bytes=900-909,0-9', 1000), [
    [900, 10],
    [0, 10],
  ]);
});

test('multipart/byteranges is as long as it says, and opens a part when its turn comes', async () => {
  const content = Buffer.from('0123456789'.repeat(100));
  const opened: number[] = [];
  const ranges = [
    { offset: 0, length: 3 },
    { offset: 995, length: 5 },
  ];
  const { type, length, body } = multipart(
    ranges,
    { size: 1000, type: 'text/plain' },
    async (span, index) => {
      opened.push(index);
      return content.subarray(span.offset, span.offset + span.length);
    },
  );
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    if (chunks.length === 1) assert.deepEqual(opened, []);
  }
  const text = Buffer.concat(chunks).toString();
  assert.equal(text.length, length);
  const boundary = type.split('boundary=')[1];
  const head = (range: string) =>
    `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: ${range}\r\n\r\n`;
  const parts = [`${head('bytes 0-2/1000')}012`, `${head('bytes 995-999/1000')}56789`];
  assert.equal(text, `\r\n${parts.join('\r\n')}\r\n--${boundary}--\r\n`);
  assert.equal(contentRange({ offset: 0, length: 3 }, 1000), 'bytes 0-2/1000');
});
