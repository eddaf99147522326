import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import Koa from 'koa';
import { pino } from 'pino';
import type { Entry } from '../../lib/core/values.ts';
import { webdavHandler } from '../../lib/webdav/handler.ts';
import { at, bytes, type HandClock, house } from '../support/workspace.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** True when `100 Continue` came before. */
  readonly continued: boolean;
}

/** A text goes with its length, a list of texts in chunks. */
type Sent = string | Buffer | readonly string[];
type Header = Readonly<Record<string, string | undefined>>;

/** Ada's home behind the real handler, on a port of its own. */
export interface Dav {
  readonly url: string;
  readonly clock: HandClock;
  send(method: string, path: string, headers?: Header, body?: Sent): Promise<Answer>;
  /** Sends a part of the body, and goes away. */
  abort(method: string, path: string, headers: Header, part: string): Promise<void>;
  /** What is there now, asked of the workspace itself. */
  stat(name: string): Promise<Entry>;
  content(name: string): Promise<string>;
  /** Another user with one file. */
  other(login: string, file: string): Promise<void>;
  close(): Promise<void>;
}

export async function serveDav(options: { readonly quota?: number } = {}): Promise<Dav> {
  const home = await house();
  const ada = await home.user('ada', options.quota ?? null);
  const workspace = home.open(ada);
  const app = new Koa();
  // A client that goes away is what some tests are about.
  app.silent = true;
  app.use(
    webdavHandler({
      workspaces: { open: () => workspace },
      authenticator: { authenticate: async () => home.principal(ada) },
      clock: home.clock,
      log: pino({ level: 'silent' }),
    }),
  );
  const listener = app.callback();
  const server = createServer({ requestTimeout: 0 }, listener).on('checkContinue', listener);
  const port = await listen(server);
  const start = (method: string, path: string, headers: Header) => {
    const known = Object.entries(headers).filter((one): one is [string, string] => one[1] !== undefined);
    return httpRequest({
      host: '127.0.0.1',
      port,
      agent: false,
      method,
      path,
      headers: { Authorization: 'Basic YWRhOng=', ...Object.fromEntries(known) },
    });
  };
  return {
    url: `http://127.0.0.1:${port}`,
    clock: home.clock,
    send: (method, path, headers = {}, body) =>
      exchange(start(method, path, { ...lengthOf(body), ...headers }), body),
    abort: async (method, path, headers, part) => {
      const outgoing = start(method, path, headers);
      outgoing.on('error', () => undefined);
      outgoing.write(part);
      await new Promise((resolve) => setTimeout(resolve, 30));
      outgoing.destroy();
      await new Promise((resolve) => setTimeout(resolve, 30));
    },
    stat: (name) => workspace.stat(at(`home/${name}`)),
    content: async (name) => (await bytes((await workspace.read(at(`home/${name}`))).body)).toString(),
    other: async (login, file) => {
      const theirs = home.open(await home.user(login));
      await theirs.write(at(`home/${file}`), Buffer.from('theirs'));
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await home.close();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function exchange(outgoing: ReturnType<typeof httpRequest>, body: Sent | undefined): Promise<Answer> {
  let continued = false;
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  if (outgoing.hasHeader('expect')) {
    outgoing.once('continue', () => {
      continued = true;
      outgoing.end(body);
    });
    outgoing.flushHeaders();
  } else if (Array.isArray(body)) {
    for (const part of body) outgoing.write(part);
    outgoing.end();
  } else {
    outgoing.end(body);
  }
  const [incoming] = await answered;
  const text = await readText(incoming);
  if (!outgoing.writableEnded) outgoing.destroy();
  return { status: incoming.statusCode ?? 0, headers: flat(incoming.headers), text, continued };
}

/** A list of texts goes in chunks. */
function lengthOf(body: Sent | undefined): Header {
  const whole = typeof body === 'string' || Buffer.isBuffer(body);
  return whole ? { 'Content-Length': String(Buffer.byteLength(body)) } : {};
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

export function lockBody(scope = 'exclusive', owner = ''): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?><D:lockinfo xmlns:D="DAV:">' +
    `<D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype>${owner}</D:lockinfo>`
  );
}
