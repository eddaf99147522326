/** The one error vocabulary. Doors translate a code once: `lib/http/errors.ts` to a status, the mount to an errno. */
export type ErrorCode =
  | 'invalid'
  | 'unauthenticated'
  | 'denied'
  | 'read-only'
  | 'not-found'
  | 'is-folder'
  | 'not-folder'
  | 'exists'
  | 'not-empty'
  | 'stale'
  | 'too-large'
  | 'locked'
  | 'conflict'
  | 'aborted'
  | 'internal'
  | 'unsupported'
  | 'unavailable'
  | 'no-space';

export interface ErrorContext {
  /** What was being done, as the caller names it: `write`, `blobs.open`, `catalog.move`. */
  readonly op?: string;
  /** Where, in a form that the person who asked may see; never a path of the server's disk. */
  readonly path?: string;
  /** A sentence for people: what happened and what to do next. */
  readonly message?: string;
  readonly cause?: unknown;
  /** Paths (of the workspace) that stand in the way, e.g. the roots of the locks met. */
  readonly blockers?: readonly string[];
  /** Who asks is known, and might do it; their credential is too small, and this is the scope it lacks. */
  readonly scope?: 'read' | 'write';
}

/** A failure with a code to act upon; nothing above the thrower reads the message. */
export class StoreError extends Error {
  readonly code: ErrorCode;
  readonly op: string | undefined;
  readonly path: string | undefined;
  readonly blockers: readonly string[];
  readonly scope: 'read' | 'write' | undefined;

  constructor(code: ErrorCode, context: ErrorContext = {}) {
    const where = [context.op, context.path].filter((part) => part !== undefined).join(' ');
    super(context.message ?? (where === '' ? code : `${where}: ${code}`), { cause: context.cause });
    this.name = 'StoreError';
    this.code = code;
    this.op = context.op;
    this.path = context.path;
    this.blockers = context.blockers ?? [];
    this.scope = context.scope;
  }
}

/** True when `error` is a StoreError, of one of `codes` where any are named. */
export function isStoreError(error: unknown, ...codes: ErrorCode[]): error is StoreError {
  return error instanceof StoreError && (codes.length === 0 || codes.includes(error.code));
}
