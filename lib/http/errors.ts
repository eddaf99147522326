import { type ErrorCode, isStoreError, StoreError } from '../core/error.ts';
import { redact } from '../core/redact.ts';
import { type Asked, challengesFor, insufficientScope } from './challenges.ts';
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

interface Told {
  readonly status: number;
  readonly code: ErrorCode;
  /** For people. */
  readonly message: string;
  readonly headers: Record<string, string | number | readonly string[]>;
}

/** What happened inside stays inside: the log has it, under the id of the request. */
function tell(error: unknown, requestId: string, asked: Asked): Told {
  const code = codeOf(error);
  const status = error instanceof HttpError ? error.status : statusOf[code];
  const headers: Told['headers'] = { 'X-Content-Type-Options': 'nosniff' };
  const wait = retryAfter[code];
  if (status === 503 && wait !== undefined) headers['Retry-After'] = wait;
  if (status === 401) headers['WWW-Authenticate'] = challengesFor(asked);
  const scope = isStoreError(error) ? error.scope : undefined;
  if (status === 403 && scope !== undefined) headers['WWW-Authenticate'] = insufficientScope(asked, scope);
  const inside = code === 'internal' || !isStoreError(error);
  const message = inside
    ? `Something went wrong on the server; its log has it as ${requestId}.`
    : redact(error.message);
  return { status, code, message, headers };
}

/** Any failure as a reply. */
export function errorReply(error: unknown, requestId: string, asked: Asked = { headers: {} }): HttpReply {
  const { status, code, message, headers } = tell(error, requestId, asked);
  if (code === 'no-space') {
    headers['Content-Type'] = 'application/xml; charset="utf-8"';
    return { status, headers, body: quotaExceeded };
  }
  headers['Content-Type'] = 'text/plain; charset=utf-8';
  return { status, headers, body: `${message}\n` };
}

/** The same for programs. */
export function jsonErrorReply(error: unknown, requestId: string, asked: Asked): HttpReply {
  const { status, code, message, headers } = tell(error, requestId, asked);
  headers['Content-Type'] = 'application/json';
  headers['Cache-Control'] = 'no-store';
  return { status, headers, body: `${JSON.stringify({ message, code })}\n` };
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
