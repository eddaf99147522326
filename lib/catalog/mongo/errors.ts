import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { StoreError } from '../../core/error.ts';

/** Codes of the server (its `error_codes.yml`). */
const duplicateKey = 11000;
const outOfDiskSpace = 14031;
/** NotWritablePrimary, InterruptedDueToReplStateChange, PrimarySteppedDown, ShutdownInProgress and their kin. */
const comesBack: ReadonlySet<unknown> = new Set([
  6, 7, 89, 91, 134, 189, 262, 317, 358, 9001, 10107, 11600, 11602, 13435, 13436, 50, 202,
]);

export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === duplicateKey;

/** Every failed write of a batch is one that had been made already. */
export function onlyDuplicates(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) {
    const failed = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
    return failed.length > 0 && failed.every(({ code }) => code === duplicateKey);
  }
  return isDuplicate(error);
}

/** A failure, and what a batch has wrapped it in: a cut connection is `errorResponse` of the batch's own error. */
function* within(error: unknown): Iterable<MongoError> {
  for (const one of [error, ...inner(error)]) if (one instanceof MongoError) yield one;
}

function inner(error: unknown): readonly unknown[] {
  if (!(error instanceof MongoBulkWriteError)) return [];
  const { errorResponse, err, cause } = error as { errorResponse?: unknown; err?: unknown; cause?: unknown };
  return [errorResponse, err, cause];
}

const labelled = (error: unknown, label: string): boolean =>
  [...within(error)].some((one) => one.hasErrorLabel(label));

/** Somebody else's transaction was first, or the connection went before the commit: nothing of ours was done. */
export const isTransient = (error: unknown): boolean => labelled(error, 'TransientTransactionError');

/** The commit may have happened: it can be asked for again. */
export const isUnknownCommit = (error: unknown): boolean => labelled(error, 'UnknownTransactionCommitResult');

/** What Node itself says of a connection that went: it gets past the driver now and then. */
const cut: ReadonlySet<unknown> = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT']);

const isCut = (error: unknown): boolean => error instanceof Error && 'code' in error && cut.has(error.code);

/** An election, a restart, a cut connection: worth another try. */
export function comesAgain(error: unknown): boolean {
  if (isCut(error)) return true;
  return [...within(error)].some(
    (one) =>
      one instanceof MongoNetworkError ||
      one instanceof MongoServerSelectionError ||
      (one instanceof MongoServerError && comesBack.has(one.code)),
  );
}

/** The driver's failures, once, in our vocabulary; `cause` is for the log. */
export function asStoreError(error: unknown, op: string): unknown {
  if (!(error instanceof MongoError) && !isCut(error)) return error;
  if (comesAgain(error) || isTransient(error) || isUnknownCommit(error)) {
    const message = 'The database does not answer; what was asked for may not have happened. Try again.';
    return new StoreError('unavailable', { op, message, cause: error });
  }
  if (error instanceof MongoServerError && error.code === outOfDiskSpace) {
    const message = 'The disk of the database is full; make room and try again.';
    return new StoreError('no-space', { op, message, cause: error });
  }
  return new StoreError('internal', { op, message: 'The database refused a request.', cause: error });
}

const firstPause = 20;
const longestPause = 500;

/** Asks again while the database is on its way back, for at most `within` milliseconds. */
export async function patiently<T>(op: string, within: number, ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + within;
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      return await ask();
    } catch (error) {
      if (!comesAgain(error) || performance.now() + pause > deadline) throw asStoreError(error, op);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
