import type { StoreError } from '../../core/error.ts';
import { busy, isSqliteError, toStoreError } from './database.ts';
import { type OperationName, operations } from './operations.ts';
import type { Transaction } from './transaction.ts';

export interface Call {
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

/** Errors cross the thread as data. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: { readonly code: StoreError['code']; readonly message: string; readonly op: string } };

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Takes the one write lock of the file; other processes hold it for a batch at a time. */
function begin(tx: Transaction, wait: number): void {
  const deadline = performance.now() + wait;
  for (;;) {
    try {
      tx.db.run('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isSqliteError(error) || !busy.has(error.errcode & 0xff) || performance.now() > deadline)
        throw error;
      // Short and uneven, so that no process starves behind one that writes all the time.
      Atomics.wait(sleeper, 0, 0, 0.2 + Math.random());
    }
  }
}

function fail(error: unknown, op: string): Outcome {
  const { code, message, op: named } = toStoreError(error, op);
  return { error: { code, message, op: named ?? op } };
}

function perform(tx: Transaction, { name, args }: Call): Outcome {
  try {
    const operation = operations[name] as (tx: Transaction, ...args: readonly unknown[]) => unknown;
    return { value: tx.step(() => operation(tx, ...args)) };
  } catch (error) {
    // A full disk may have ended the whole transaction: then nothing of it stands.
    if (!tx.db.raw.isTransaction) throw error;
    return fail(error, `catalog.${name}`);
  }
}

/** Runs calls in one transaction: each succeeds or fails by itself, and all that succeeded are committed at once. */
export function runBatch(
  tx: Transaction,
  calls: readonly Call[],
  options: { readonly durable: boolean; readonly wait: number },
): readonly Outcome[] {
  try {
    tx.db.raw.exec(options.durable ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL');
    begin(tx, options.wait);
    tx.begin();
    const outcomes = calls.map((call) => perform(tx, call));
    tx.complete();
    tx.db.run('COMMIT');
    return outcomes;
  } catch (error) {
    if (tx.db.raw.isTransaction) tx.db.run('ROLLBACK');
    tx.abandon();
    return calls.map(({ name }) => fail(error, `catalog.${name}`));
  }
}
