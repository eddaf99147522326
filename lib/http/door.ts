import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Clock } from '../core/contracts.ts';
import type { Principal } from '../core/values.ts';
import { codeOf } from './errors.ts';
import { accessLog, loggable } from './log.ts';
import type { HttpMetrics } from './metrics.ts';
import { RequestBody, type StallOptions, usualStall } from './receive.ts';
import type { HttpReply } from './reply.ts';
import { type Exchange, send } from './send.ts';
import { systemTimers } from './watchdog.ts';

export interface HttpDoorOptions extends StallOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: HttpMetrics;
  readonly answer: (exchange: Exchange, seen: Seen, now: number) => Promise<HttpReply>;
  /** A failure as a reply. */
  readonly refuse: (error: unknown, requestId: string, request: IncomingMessage) => HttpReply;
}

/** Who turned out to ask, for the log. */
export interface Seen {
  principal?: Principal;
}

/** What all doors do around an answer. Never throws: every failure is a reply, or the end of the connection. */
export type HttpDoor = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function httpDoor(options: HttpDoorOptions): HttpDoor {
  const { clock, log, metrics, answer, refuse } = options;
  const access = accessLog(log);
  const newId = requestIds();
  const { stall: ms = usualStall, timers = systemTimers } = options;
  const stall = { stall: ms, timers };
  return async (request, response) => {
    const started = performance.now();
    const id = headerId(response) ?? newId();
    const body = new RequestBody(request, response, stall);
    const exchange: Exchange = { request, response, body, ...stall };
    const seen: Seen = {};
    const { status, bytes, failure } = await settle(
      exchange,
      () => answer(exchange, seen, clock()),
      (error) => refuse(error, id, request),
    );
    const { method = '', url = '' } = request;
    if (failure !== undefined) {
      log.error({ id, method, err: failure, headers: loggable(request.headers) }, 'request failed');
    }
    const ms = performance.now() - started;
    const { login, credential } = seen.principal ?? {};
    access({ id, method, url, status, ms, bytes, user: login, credential });
    metrics?.observe(method, status, ms / 1000);
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

async function settle(
  exchange: Exchange,
  answer: () => Promise<HttpReply>,
  refuse: (error: unknown) => HttpReply,
): Promise<Outcome> {
  const { response } = exchange;
  let status = 200;
  try {
    const reply = await answer();
    status = reply.status;
    return { status, bytes: await send(reply, exchange) };
  } catch (error) {
    const failure = codeOf(error) === 'internal' ? error : undefined;
    if (response.headersSent) return { status, bytes: 0, failure };
    if (response.destroyed) return { status: clientGone, bytes: 0, failure };
    // What a reply that could not be sent has left behind.
    for (const name of response.getHeaderNames()) if (name !== idHeader) response.removeHeader(name);
    const reply = refuse(error);
    return { status: reply.status, bytes: await send(reply, exchange), failure };
  }
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
