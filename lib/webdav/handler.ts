import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Authenticator, Clock, Workspaces } from '../core/contracts.ts';
import { type Path, parsePath } from '../core/path.ts';
import type { Principal } from '../core/values.ts';
import { authenticate } from '../http/authenticate.ts';
import { codeOf, errorReply } from '../http/errors.ts';
import { accessLog, loggable } from '../http/log.ts';
import type { HttpMetrics } from '../http/metrics.ts';
import { proxyTrust } from '../http/proxies.ts';
import { RequestBody, type StallOptions, usualStall } from '../http/receive.ts';
import type { HttpReply } from '../http/reply.ts';
import { type Exchange, send } from '../http/send.ts';
import { systemTimers } from '../http/watchdog.ts';
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
  /** Never throws: every failure is a reply, or the end of the connection. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

function webdavDoor(options: WebdavOptions): Door {
  const { clock, log, metrics } = options;
  const prefix = parsePath(options.prefix ?? '/homes');
  const answer = answering(options, prefix);
  const access = accessLog(log);
  const newId = requestIds();
  const { stall: ms = usualStall, timers = systemTimers } = options;
  const stall = { stall: ms, timers };
  return {
    prefix,
    async handle(request, response) {
      const started = performance.now();
      const id = headerId(response) ?? newId();
      const body = new RequestBody(request, response, stall);
      const exchange: Exchange = { request, response, body, ...stall };
      const seen: Seen = {};
      const { status, bytes, failure } = await settle(exchange, id, () => answer(exchange, seen, clock()));
      const { method = '', url = '' } = request;
      if (failure !== undefined) {
        log.error({ id, method, err: failure, headers: loggable(request.headers) }, 'request failed');
      }
      const ms = performance.now() - started;
      const { login, credential } = seen.principal ?? {};
      access({ id, method, url, status, ms, bytes, user: login, credential });
      metrics?.observe(method, status, ms / 1000);
    },
  };
}

/** Who turned out to ask, for the log. */
interface Seen {
  principal?: Principal;
}

type Answer = (exchange: Exchange, seen: Seen, now: number) => Promise<HttpReply>;

function answering(options: WebdavOptions, prefix: Path): Answer {
  const { workspaces, authenticator, origins = [], trustedProxies = [] } = options;
  const trusted = proxyTrust(trustedProxies);
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

interface Outcome {
  readonly status: number;
  readonly bytes: number;
  /** For the log: what should not have happened. */
  readonly failure?: unknown;
}

/** The client went away: nobody gets this status. */
const clientGone = 499;

async function settle(exchange: Exchange, id: string, answer: () => Promise<HttpReply>): Promise<Outcome> {
  const { request, response } = exchange;
  let status = 200;
  try {
    const reply = withAllow(await answer(), request.method);
    status = reply.status;
    return { status, bytes: await send(reply, exchange) };
  } catch (error) {
    const failure = codeOf(error) === 'internal' ? error : undefined;
    if (response.headersSent) return { status, bytes: 0, failure };
    if (response.destroyed) return { status: clientGone, bytes: 0, failure };
    // What a reply that could not be sent has left behind.
    for (const name of response.getHeaderNames()) if (name !== idHeader) response.removeHeader(name);
    const reply = withAllow(errorReply(error, id), request.method);
    return { status: reply.status, bytes: await send(reply, exchange), failure };
  }
}

/** RFC 9110 §15.5.6. */
function withAllow(reply: HttpReply, method?: string): HttpReply {
  if (reply.status !== 405 || reply.headers?.Allow !== undefined) return reply;
  return { ...reply, headers: { ...reply.headers, Allow: allow(false, method) } };
}

const idHeader = 'x-request-id';

/** Whoever hosts this door may have named the request already. */
function headerId(response: ServerResponse): string | undefined {
  const given = response.getHeader(idHeader);
  return typeof given === 'string' ? given : undefined;
}

function requestIds(): () => string {
  const process = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${process}-${(++count).toString(36)}`;
}
