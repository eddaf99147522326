import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { StoreError } from '../core/error.ts';
import type { Config } from './schema.ts';

export interface RunningServer {
  /** What to type, without a slash at its end: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Reads certificate and key anew; the old ones stay when they cannot be used. */
  reload(): Promise<void>;
  /** Stops accepting, waits for requests in flight up to `limits.shutdownTimeout`; true when all ended. */
  stop(): Promise<boolean>;
}

type Settings = Pick<Config, 'host' | 'port' | 'tls' | 'limits'>;

/** Listens. `Expect: 100-continue` is left to the listener, so that a refusal comes before the body. */
export async function startServer(settings: Settings, listener: RequestListener): Promise<RunningServer> {
  const server = await makeServer(settings);
  const { headers } = settings.limits;
  const bounded: RequestListener = (request, response) => {
    if (request.rawHeaders.length / 2 > headers) {
      response.writeHead(431, { connection: 'close', 'content-type': 'text/plain' });
      response.end(`At most ${headers} header fields.\n`);
      return;
    }
    listener(request, response);
  };
  server.on('request', bounded);
  server.on('checkContinue', bounded);
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, { 'content-type': 'text/plain' }).end('Only "Expect: 100-continue" is known.\n');
  });
  await listening(server, settings);
  const { port } = server.address() as AddressInfo;
  return {
    url: urlOf(settings, port),
    reload: async () => {
      if ('setSecureContext' in server) server.setSecureContext(await readTls(settings));
    },
    stop: () => stopServer(server, settings.limits.shutdownTimeout),
  };
}

async function makeServer(settings: Settings) {
  const { limits } = settings;
  const options: ServerOptions = {
    // Uploads last as long as they make progress: the watchdog ends those that do not.
    requestTimeout: 0,
    headersTimeout: limits.headersTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    maxHeaderSize: limits.header,
  };
  const server =
    settings.tls.cert === null
      ? createHttp(options)
      : createHttps({ ...options, ...(await readTls(settings)), minVersion: 'TLSv1.2' });
  // Beyond its maximum Node drops headers without a word, an `If` among them: it is counted above instead.
  server.maxHeadersCount = 0;
  return server;
}

async function readTls({ tls }: Settings): Promise<{ readonly cert: Buffer; readonly key: Buffer }> {
  const read = async (file: string | null, what: string) => {
    try {
      return await readFile(file ?? '');
    } catch (cause) {
      throw new StoreError('invalid', { message: `The TLS ${what} ${file} cannot be read.`, cause });
    }
  };
  return { cert: await read(tls.cert, 'certificate'), key: await read(tls.key, 'key') };
}

function listening(server: Server, { host, port }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen({ port, host }, () => resolve());
  });
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): StoreError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program; choose another with --port N.`,
    EACCES: `Port ${port} may not be opened by this user; choose one above 1023 with --port N.`,
    EADDRNOTAVAIL: `${host} is no address of this machine; choose one with --host.`,
    ENOTFOUND: `${host} is no address of this machine; choose one with --host.`,
  };
  const message = reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`;
  return new StoreError('unavailable', { op: 'listen', message, cause: error });
}

/** A wildcard address is no place to go to: the URL then names this machine. */
function urlOf(settings: Settings, port: number): string {
  const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const plain = isIPv6(settings.host) ? `[${settings.host}]` : settings.host;
  const scheme = settings.tls.cert === null ? 'http' : 'https';
  return `${scheme}://${wildcards[settings.host] ?? plain}:${port}`;
}

/** Connections that fall idle meanwhile are closed too; what is left at the end of the time is cut. */
async function stopServer(server: Server, within: number): Promise<boolean> {
  let cut = false;
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const bound = setTimeout(() => {
    cut = true;
    server.closeAllConnections();
  }, within);
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  } finally {
    clearInterval(idle);
    clearTimeout(bound);
  }
  return !cut;
}
