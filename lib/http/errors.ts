import type { ErrorCode } from '../core/error.ts';

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
