import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { pino } from 'pino';
import type { Authenticator } from '../../lib/core/contracts.ts';
import { StoreError } from '../../lib/core/error.ts';
import { type WebdavOptions, webdavHandler } from '../../lib/webdav/handler.ts';
import { ada, type FakeWorkspace, fakeWorkspace } from './fake-workspace.ts';

export const now = Date.UTC(2026, 5, 1);

/** Knows `ada` with the password `secret`. */
export const oneUser: Authenticator = {
  async authenticate(credential) {
    if (credential.kind === 'basic' && credential.login === 'ada' && credential.password === 'secret')
      return ada;
    if (credential.kind === 'token' && credential.token === 'secret') return ada;
    throw new StoreError('unauthenticated', { message: 'The credential is not valid.' });
  },
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly raw: readonly string[];
  readonly body: string;
}

export interface ReadServer {
  readonly fake: FakeWorkspace;
  readonly port: number;
  readonly lines: readonly Record<string, unknown>[];
  ask(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  close(): Promise<void>;
}

export async function readServer(options: Partial<WebdavOptions> = {}): Promise<ReadServer> {
  const fake = fakeWorkspace();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const app = new Koa();
  app.use(webdavHandler({ workspaces: fake, authenticator: oneUser, clock: () => now, log, ...options }));
  const listener = app.callback();
  const server = createServer({ requestTimeout: 0 }, listener);
  server.on('checkContinue', listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    fake,
    port,
    lines,
    ask: (method, path, headers = {}, body) =>
      ask({ port, method, path, headers: { authorization: 'Bearer secret', ...headers } }, body),
    close: () => stop(server),
  };
}

function stop(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}

interface Asked {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

function ask(options: Asked, body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request({ host: '127.0.0.1', ...options }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const { statusCode: status = 0, headers, rawHeaders: raw } = response;
      resolve({ status, headers, raw, body: Buffer.concat(chunks).toString() });
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
