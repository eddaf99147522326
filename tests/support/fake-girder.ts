import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** As Girder's `genToken`: 64 characters for a token, 40 for an API key. */
export const girderText = (length: 40 | 64): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

export interface FakeToken {
  readonly scope: readonly string[];
  readonly expires: number;
  readonly userId: string | null;
}

export interface FakeGirder {
  /** Of the REST API. */
  readonly url: string;
  readonly tokens: Map<string, FakeToken>;
  /** Active API keys: what a token made for one is like, and the days it may last. */
  readonly keys: Map<string, Omit<FakeToken, 'expires'> & { readonly days?: number }>;
  readonly users: Map<string, { readonly login: string; readonly status: string }>;
  /** `GET /user/me`, with the query, in order. */
  readonly asked: string[];
  /** Headers that came, in order. */
  readonly headers: IncomingMessage['headers'][];
  down(): Promise<void>;
  close(): Promise<void>;
}

const day = 24 * 3600_000;
/** Girder's spelling of a date. */
const dated = (ms: number): string => new Date(ms).toISOString().replace(/(\.\d{3})Z$/, '$1000+00:00');

/**
 * A double: Girder is a Python service over MongoDB, which a test cannot bring up everywhere. It answers three routes as
 * a live Girder 3.2 was seen to: a bad token is nobody (200 `null`), scopes are those of the route, a bad key is a 400.
 */
export async function fakeGirder(clock: () => number): Promise<FakeGirder> {
  const tokens: FakeGirder['tokens'] = new Map();
  const keys: FakeGirder['keys'] = new Map();
  const users: FakeGirder['users'] = new Map();
  const asked: string[] = [];
  const headers: IncomingMessage['headers'][] = [];

  function current(request: IncomingMessage) {
    const secret = String(request.headers['girder-token'] ?? '');
    const token = tokens.get(secret);
    return token === undefined || token.expires <= clock() ? undefined : { secret, ...token };
  }

  function tokenCurrent(request: IncomingMessage): unknown {
    const token = current(request);
    if (token === undefined) return null;
    const { secret, scope, expires, userId } = token;
    const access = { groups: [], users: userId === null ? [] : [{ flags: [], id: userId, level: 2 }] };
    const created = dated(expires - 180 * day);
    return { _id: secret, access, created, expires: dated(expires), scope, ...(userId && { userId }) };
  }

  function userMe(request: IncomingMessage): unknown {
    const token = current(request);
    const user = users.get(token?.userId ?? '');
    const may = token?.scope.some((scope) => scope === 'core.user_auth' || scope === 'core.user_info.read');
    if (user === undefined || may !== true) return null;
    return {
      _accessLevel: 2,
      _id: token?.userId,
      _modelType: 'user',
      admin: false,
      created: dated(0),
      email: `${user.login}@example.org`,
      emailVerified: false,
      firstName: 'Ada',
      groupInvites: [],
      groups: [],
      lastName: 'Lovelace',
      login: user.login,
      otp: false,
      public: true,
      size: 0,
      status: user.status,
    };
  }

  async function apiKeyToken(request: IncomingMessage): Promise<readonly [number, unknown]> {
    if (request.headers['content-length'] === undefined) return [411, null];
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece;
    const form = new URLSearchParams(text);
    const query = new URL(request.url ?? '', 'http://girder').searchParams;
    const key = keys.get(form.get('key') ?? query.get('key') ?? '');
    if (key === undefined) return [400, { message: 'Invalid API key.', type: 'validation' }];
    const { days: most = 180 } = key;
    const days = Math.min(Number(form.get('duration') ?? most), most);
    const token = girderText(64);
    const expires = clock() + days * day;
    tokens.set(token, { ...key, expires });
    const authToken = { expires: dated(expires), scope: key.scope, token };
    return [200, { authToken, user: { _id: key.userId } }];
  }

  async function answer(request: IncomingMessage): Promise<readonly [number, unknown]> {
    const path = (request.url ?? '').split('?', 1)[0];
    if (`${request.method} ${path}` === 'GET /api/v1/token/current') return [200, tokenCurrent(request)];
    if (`${request.method} ${path}` === 'GET /api/v1/user/me') return [200, userMe(request)];
    if (`${request.method} ${path}` === 'POST /api/v1/api_key/token') return apiKeyToken(request);
    return [400, { message: `No matching route for "${request.method} ${path}"`, type: 'rest' }];
  }

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${(request.url ?? '').replace('/api/v1', '')}`);
    headers.push(request.headers);
    const [status, body] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}/api/v1`,
    tokens,
    keys,
    users,
    asked,
    headers,
    down: close,
    close,
  };
}
