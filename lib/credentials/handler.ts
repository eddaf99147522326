import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Clock } from '../core/contracts.ts';
import { httpDoor } from '../http/door.ts';
import { jsonErrorReply } from '../http/errors.ts';
import type { HttpMetrics } from '../http/metrics.ts';
import { originOf } from '../http/origin.ts';
import { metadataUrl } from '../http/protected-resource.ts';
import { proxyTrust } from '../http/proxies.ts';
import type { StallOptions } from '../http/receive.ts';
import type { HttpReply } from '../http/reply.ts';
import type { Desk } from './asked.ts';
import { claims, MethodError, routeOf } from './routes.ts';

export interface CredentialsOptions extends Desk, StallOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: HttpMetrics;
  /** Public origins: `https://dav.example`. */
  readonly origins?: readonly string[];
  /** Addresses and networks of proxies whose `Forwarded` and `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[];
}

/**
 * The door at `/api/hearth/v1/{tickets,mounts,downloads}`, where credentials are exchanged for narrower ones, and at
 * `/.well-known/oauth-protected-resource`. JSON both ways, no cookies, no CORS, nothing for a cache.
 */
export function credentialsHandler(options: CredentialsOptions): Middleware {
  const { origins = [], trustedProxies = [] } = options;
  const trusted = proxyTrust(trustedProxies);
  const origin = (request: IncomingMessage) => originOf(request, { origins, trusted });
  const handle = httpDoor({
    ...options,
    async answer({ request, body }, seen, now) {
      const { method = '', headers } = request;
      const { pathname, searchParams: query } = urlOf(request);
      const { answer, rest } = routeOf(method, pathname);
      const asked = { desk: options, method, headers, rest, query, body, now, seen };
      return closed(await answer({ ...asked, origin: () => origin(request) }));
    },
    refuse(error, id, request) {
      const { headers } = request;
      const resourceMetadata = () => metadataUrl(origin(request));
      const reply = closed(jsonErrorReply(error, id, { headers, resourceMetadata, api: true }));
      if (!(error instanceof MethodError)) return reply;
      return { ...reply, headers: { ...reply.headers, Allow: error.allow } };
    },
  });
  return async (ctx, next) => {
    if (!claims(urlOf(ctx.req).pathname)) return next();
    ctx.respond = false;
    // Koa would print what a broken connection says; the door has it, and the log.
    ctx.onerror = () => {};
    await handle(ctx.req, ctx.res);
  };
}

/** An address of this door may be a secret: it goes to no other server. */
function closed(reply: HttpReply): HttpReply {
  return { ...reply, headers: { 'Referrer-Policy': 'no-referrer', ...reply.headers } };
}

/** Malformed ones are nobody's here. */
function urlOf(request: IncomingMessage): URL {
  const { url = '/' } = request;
  const base = 'http://hearth.invalid';
  return URL.parse(url.startsWith('/') ? `${base}${url}` : url) ?? new URL(base);
}
