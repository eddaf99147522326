import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type RequestBody, type StallOptions, usualStall } from './receive.ts';
import type { HttpReply } from './reply.ts';
import { systemTimers, watchdog } from './watchdog.ts';

export interface Exchange extends StallOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: RequestBody;
}

/** So much of an unread body is read and thrown away for the sake of the connection. */
const keepable = 65_536;

/**
 * Writes a reply; the number of bytes of its body that were handed on. Throws only before the first byte (the body
 * failed at once): another reply can be sent then. A failure after it destroys the connection, so that nobody takes
 * a part for the whole.
 */
export async function send(reply: HttpReply, exchange: Exchange): Promise<number> {
  const { body } = reply;
  if (typeof body === 'object' && !(body instanceof Uint8Array)) return sendStream(reply, body, exchange);
  const { request, response } = exchange;
  if (response.destroyed || response.headersSent) return 0;
  const bytes = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const headers = headersOf(reply);
  // What HEAD would have been answered with is unknown where the reply does not say it.
  const silent =
    reply.status === 204 || reply.status === 304 || (request.method === 'HEAD' && body === undefined);
  if (!silent && headers['Content-Length'] === undefined) headers['Content-Length'] = bytes;
  const unread = unreadBody(exchange);
  if (unread) headers.Connection = 'close';
  response.writeHead(reply.status, headers);
  if (!unread) {
    // The replies of one turn go out together: each write wakes its reader, which costs more than the reply.
    setImmediate(() => response.end(body, encodingOf(body, bytes)));
    // Node throws away only what nobody began to read.
    if (!exchange.body.over) request.resume();
  } else {
    if (bytes > 0) response.write(body, encodingOf(body, bytes));
    else response.flushHeaders();
    await discard(exchange);
    response.end();
  }
  return request.method === 'HEAD' ? 0 : bytes;
}

/** What is ASCII alone is much cheaper to write as Latin-1. */
const encodingOf = (body: string | Uint8Array | undefined, bytes: number): BufferEncoding =>
  typeof body === 'string' && body.length === bytes ? 'latin1' : 'utf8';

const headersOf = (reply: HttpReply): OutgoingHttpHeaders => ({ ...reply.headers }) as OutgoingHttpHeaders;

/** True when too much of the request is unread for the connection to be used again. */
function unreadBody({ body }: Exchange): boolean {
  if (body.over) return false;
  // Who waits for `100 Continue` need not send the body after a final answer: nobody can tell what comes next.
  return body.expects || body.stalled || body.length === null || body.length > keepable;
}

const lingerBytes = 16_777_216;
const lingerTime = 2_000;

/** Closing on a client that still sends makes it lose the answer: it may go on for a little while. */
async function discard({ request, body, timers = systemTimers }: Exchange): Promise<void> {
  await body.return();
  const { promise, resolve } = Promise.withResolvers<void>();
  let bytes = 0;
  const count = (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > lingerBytes) resolve();
  };
  const timer = timers.set(lingerTime, resolve);
  request.on('data', count).once('end', resolve).once('close', resolve).resume();
  await promise;
  timer.cancel();
  request.off('data', count);
}

const bodiless = ({ status, headers = {} }: HttpReply): HttpReply => ({ status, headers });

type Chunks = AsyncIterable<Uint8Array | string>;

async function sendStream(reply: HttpReply, body: Chunks, exchange: Exchange): Promise<number> {
  const { request, response } = exchange;
  const chunks = body[Symbol.asyncIterator]();
  if (response.destroyed || response.headersSent || request.method === 'HEAD') {
    await chunks.return?.();
    return response.destroyed || response.headersSent ? 0 : send(bodiless(reply), exchange);
  }
  const first = await chunks.next();
  const headers = headersOf(reply);
  if (unreadBody(exchange)) headers.Connection = 'close';
  response.writeHead(reply.status, headers);
  const writer = chunkWriter(exchange);
  try {
    for (let step = first; step.done !== true; step = await chunks.next()) {
      if (!(await writer.write(step.value))) {
        await chunks.return?.();
        return writer.bytes;
      }
    }
    const announced = headers['Content-Length'];
    if (announced !== undefined && Number(announced) !== writer.bytes)
      throw new Error('a body has another length than announced');
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    writer.stop();
  }
  return writer.bytes;
}

/** One chunk at a time: it may be a buffer that its owner uses again as soon as the next is asked for. */
function chunkWriter({ response, stall = usualStall, timers = systemTimers }: Exchange) {
  let wake: ((written: boolean) => void) | undefined;
  const dog = watchdog(stall, timers, () => response.destroy());
  const closed = () => wake?.(false);
  response.once('close', closed);
  return {
    bytes: 0,
    /** False: nobody is there any more. */
    async write(chunk: Uint8Array | string): Promise<boolean> {
      if (response.destroyed) return false;
      if (chunk.length === 0) return true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      wake = resolve;
      dog.waiting();
      const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
      response.write(chunk, encodingOf(chunk, bytes), (error) =>
        resolve(error === null || error === undefined),
      );
      const written = await promise;
      dog.moved();
      if (written) this.bytes += bytes;
      return written;
    },
    stop() {
      dog.stop();
      response.off('close', closed);
    },
  };
}
