import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Workspace } from '../core/contracts.ts';
import type { Path } from '../core/path.ts';
import { forwardedHosts } from '../http/proxies.ts';
import type { Exchange } from '../http/send.ts';
import { sameHost } from './urls.ts';
import type { DavRequest, Headers, Urls } from './verb.ts';

export interface RequestParts {
  readonly path: Path;
  readonly slash: boolean;
  readonly workspace: Workspace;
  readonly urls: Urls;
  readonly now: number;
}

export class DoorRequest implements DavRequest {
  readonly path: Path;
  readonly slash: boolean;
  readonly workspace: Workspace;
  readonly urls: Urls;
  readonly now: number;
  readonly method: string;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  readonly length: number | null;
  readonly #response: ServerResponse;
  #signal: AbortSignal | undefined;

  constructor({ request, response, body }: Exchange, parts: RequestParts) {
    this.path = parts.path;
    this.slash = parts.slash;
    this.workspace = parts.workspace;
    this.urls = parts.urls;
    this.now = parts.now;
    this.method = request.method ?? '';
    this.headers = headersOf(request);
    this.body = body;
    this.length = body.length;
    this.#response = response;
  }

  /** Most requests never look at it. */
  get signal(): AbortSignal {
    this.#signal ??= goneSignal(this.#response);
    return this.#signal;
  }
}

/** Node gives a list for `Set-Cookie` alone, which no request has. */
const headersOf = (request: IncomingMessage): Headers => request.headers as Headers;

function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const closed = () => {
    if (!response.writableFinished) controller.abort();
  };
  if (response.destroyed) closed();
  else response.once('close', closed);
  return controller.signal;
}

/** Names under which the client may know this server: what it asked for, and what was configured. */
export function ownHosts(
  request: IncomingMessage,
  origins: readonly string[],
  trusted: (address: string | undefined) => boolean,
): ReadonlySet<string> {
  const hosts = [request.headers.host ?? ''];
  for (const origin of origins) hosts.push(origin.replace(/^[a-z]+:\/\//i, ''));
  if (trusted(request.socket.remoteAddress)) hosts.push(...forwardedHosts(request.headers));
  return new Set(hosts.filter((host) => host !== '').map(sameHost));
}
