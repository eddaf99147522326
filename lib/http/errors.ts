import { type ErrorCode, isStoreError, StoreError } from '../core/error.ts';
import { challenges } from './authenticate.ts';
import type { HttpReply } from './reply.ts';

/** The one table from codes to statuses; a verb's own exceptions (RFC 4918) stand in that verb's file. */
export const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  'read-only': 403,
  'not-found': 404,
  'is-folder': 405,
  'not-folder': 409,
  exists: 409,
  'not-empty': 409,
  stale: 412,
  'too-large': 413,
  locked: 423,
  conflict: 503,
  aborted: 499,
  internal: 500,
  unsupported: 501,
  unavailable: 503,
  'no-space': 507,
} as const satisfies Record<ErrorCode, number>;

/** Where a door knows the status better than the table does. */
export class HttpError extends StoreError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string) {
    super(code, { message });
    this.status = status;
  }
}

/** Seconds after which it is worth to ask again. */
const retryAfter: Partial<Record<ErrorCode, number>> = { conflict: 1, unavailable: 10 };

/** Any failure as a reply. What happened inside stays inside: the log has it, under the id of the request. */
export function errorReply(error: unknown, requestId: string): HttpReply {
  const code = codeOf(error);
  const status = error instanceof HttpError ? error.status : statusOf[code];
  const headers: Record<string, string | number | readonly string[]> = {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  };
  const wait = retryAfter[code];
  if (status === 503 && wait !== undefined) headers['Retry-After'] = wait;
  if (status === 401) headers['WWW-Authenticate'] = challenges;
  if (code === 'no-space') {
    headers['Content-Type'] = 'application/xml; charset="utf-8"';
    return { status, headers, body: quotaExceeded };
  }
  const inside = code === 'internal' || !isStoreError(error);
  const text = inside ? `Something went wrong on the server; its log has it as ${requestId}.` : error.message;
  return { status, headers, body: `${text}\n` };
}

/** RFC 4331 §6. */
const quotaExceeded =
  '<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:quota-not-exceeded/></D:error>';

/** What Node says of a connection that went away. */
const gone: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ABORT_ERR',
]);

export function codeOf(error: unknown): ErrorCode {
  if (isStoreError(error)) return error.code;
  return error instanceof Error && 'code' in error && gone.has(error.code) ? 'aborted' : 'internal';
}
