import type { IncomingMessage } from 'node:http';
import { forwardedHosts } from './proxies.ts';

export interface OriginOptions {
  /** Configured: `https://dav.example`. The first is where nobody says another. */
  readonly origins: readonly string[];
  readonly trusted: (address: string | undefined) => boolean;
}

const hostShape = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The origin under which the client knows this server: the configured one with the host that it asked for, else the
 * first that is configured, else what the request says itself. Undefined where that is no host.
 */
export function originOf(request: IncomingMessage, { origins, trusted }: OriginOptions): string | undefined {
  const { headers, socket } = request;
  const proxied = trusted(socket.remoteAddress);
  const hosts = [...(proxied ? forwardedHosts(headers) : []), headers.host ?? ''];
  if (origins.length > 0) {
    const known = hosts.map((host) => origins.find((origin) => hostOf(origin) === host.toLowerCase()));
    return known.find((origin) => origin !== undefined) ?? origins[0];
  }
  const host = hosts[0] ?? '';
  if (!hostShape.test(host)) return undefined;
  const secure = 'encrypted' in socket || (proxied && forwardedProto(headers) === 'https');
  return `${secure ? 'https' : 'http'}://${host}`;
}

const hostOf = (origin: string): string => origin.replace(/^[a-z]+:\/\//i, '').toLowerCase();

function forwardedProto(headers: IncomingMessage['headers']): string | undefined {
  const { forwarded, 'x-forwarded-proto': x } = headers;
  const said = /(?:^|[;,])\s*proto\s*=\s*"?([a-z]+)/i.exec(forwarded ?? '')?.[1];
  const text = said ?? (typeof x === 'string' ? x.split(',', 1)[0]?.trim() : undefined);
  return text?.toLowerCase();
}
