import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { RequestBody } from '../../lib/http/receive.ts';

/** Sends `bytes` to a listener that reads them as it likes; what it made of them. */
async function receive<T>(
  bytes: Uint8Array,
  read: (request: IncomingMessage, response: ServerResponse) => Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const server = createServer((incoming, response) => {
    read(incoming, response)
      .then(resolve, reject)
      .finally(() => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, method: 'PUT', agent: false });
  outgoing.setHeader('Content-Length', bytes.length);
  outgoing.end(bytes);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  answer.resume();
  try {
    return await promise;
  } finally {
    server.close();
  }
}

const content = Buffer.alloc(1_000_000, 'content');

test('a body arrives whole', async () => {
  const copied = await receive(content, async (incoming, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of new RequestBody(incoming, response)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  });
  assert.ok(copied.equals(content));
});

test('a large chunk is given back when the next is asked for', async () => {
  const chunks: { readonly size: number; readonly bytes: Uint8Array }[] = [];
  await receive(content, async (incoming, response) => {
    for await (const bytes of new RequestBody(incoming, response)) {
      for (const { size, bytes } of chunks) assert.equal(bytes.byteLength, size >= 16_384 ? 0 : size);
      chunks.push({ size: bytes.byteLength, bytes });
    }
  });
  assert.ok(
    chunks.some(({ size }) => size >= 16_384),
    'no chunk was large',
  );
});

test('the length is known from the header, and over says when nothing is left', async () => {
  const body = await receive(content, async (incoming, response) => {
    const read = new RequestBody(incoming, response);
    const before = read.over;
    for await (const chunk of read) void chunk;
    return { length: read.length, before, after: read.over };
  });
  assert.deepEqual(body, { length: content.length, before: false, after: true });
});
