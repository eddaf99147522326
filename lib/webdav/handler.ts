import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Authenticator, Clock, Workspaces } from '../core/contracts.ts';
import { type Path, parsePath } from '../core/path.ts';
import { authenticate } from '../http/authenticate.ts';
import { type HttpDoor, type HttpDoorOptions, httpDoor } from '../http/door.ts';
import { errorReply } from '../http/errors.ts';
import type { HttpMetrics } from '../http/metrics.ts';
import { originOf } from '../http/origin.ts';
import { metadataUrl } from '../http/protected-resource.ts';
import { proxyTrust } from '../http/proxies.ts';
import type { StallOptions } from '../http/receive.ts';
import type { HttpReply } from '../http/reply.ts';
import { dispatch, dispatchAbove } from './dispatch.ts';
import { DoorRequest, ownHosts } from './door-request.ts';
import { allow, options as optionsReply } from './options.ts';
import { below, claims, homeUrls, parseTarget, pathInHome } from './urls.ts';

export interface WebdavOptions extends StallOptions {
  readonly workspaces: Workspaces;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: HttpMetrics;
  /** Public origins: `https://dav.example`. */
  readonly origins?: readonly string[];
  /** Addresses and networks of proxies whose `Forwarded` and `X-Forwarded-Host` are believed. */
  readonly trustedProxies?: readonly string[];
  /** Path of all homes. */
  readonly prefix?: string;
}

/**
 * The door at `/homes/…`, and at `/` for what Windows looks at on its way there. The server must hand requests with
 * `Expect: 100-continue` to the same listener (`server.on('checkContinue', listener)`), and have no time limit for
 * whole requests (`requestTimeout: 0`): a body that stops coming is ended here.
 */
export function webdavHandler(options: WebdavOptions): Middleware {
  const door = webdavDoor(options);
  const usual = `/${door.prefix.join('/')}/`;
  return async (ctx, next) => {
    const url = ctx.req.url ?? '';
    if (!url.startsWith(usual) && !claims(url, door.prefix)) return next();
    ctx.respond = false;
    // Koa would print what a broken connection says; `settle` has it, and the log.
    ctx.onerror = () => {};
    await door.handle(ctx.req, ctx.res);
  };
}

interface Door {
  readonly prefix: Path;
  readonly handle: HttpDoor;
}

function webdavDoor(options: WebdavOptions): Door {
  const { origins = [], trustedProxies = [] } = options;
  const prefix = parsePath(options.prefix ?? '/homes');
  const trusted = proxyTrust(trustedProxies);
  const answer = answering(options, prefix, trusted);
  const refuse: HttpDoorOptions['refuse'] = (error, id, request) =>
    errorReply(error, id, {
      headers: request.headers,
      resourceMetadata: () => metadataUrl(originOf(request, { origins, trusted })),
    });
  const handle = httpDoor({
    ...options,
    answer: async (exchange, seen, now) =>
      withAllow(await answer(exchange, seen, now), exchange.request.method),
    refuse: (error, id, request) => withAllow(refuse(error, id, request), request.method),
  });
  return { prefix, handle };
}

function answering(
  options: WebdavOptions,
  prefix: Path,
  trusted: ReturnType<typeof proxyTrust>,
): HttpDoorOptions['answer'] {
  const { workspaces, authenticator, origins = [] } = options;
  return async (exchange, seen, now) => {
    const { request } = exchange;
    const { names, slash } = parseTarget(request.url ?? '');
    const rest = below(names, prefix);
    const above = rest === undefined || rest.length === 0;
    if (request.method === 'OPTIONS') return optionsReply(above);
    const principal = await authenticate(request.headers, authenticator, now);
    seen.principal = principal;
    const { login } = principal;
    const path = above ? [] : pathInHome(rest, login);
    const urls = homeUrls({ login, prefix, hosts: () => ownHosts(request, origins, trusted) });
    const asked = new DoorRequest(exchange, {
      path,
      slash,
      urls,
      now,
      workspace: workspaces.open(principal),
    });
    return above ? dispatchAbove(asked, names, prefix) : dispatch(asked);
  };
}

/** RFC 9110 §15.5.6. */
function withAllow(reply: HttpReply, method?: string): HttpReply {
  if (reply.status !== 405 || reply.headers?.Allow !== undefined) return reply;
  return { ...reply, headers: { ...reply.headers, Allow: allow(false, method) } };
}
