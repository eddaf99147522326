import { Worker } from 'node:worker_threads';
import { StoreError } from '../../core/error.ts';
import type { Durability } from '../../core/values.ts';
import type { Call, Outcome } from './batch.ts';
import type { Args, OperationName, Result } from './operations.ts';
import { workerUrl } from './thread.ts';

export interface WorkerSettings {
  readonly path: string;
  /** Milliseconds that a batch waits for the write lock of the file. */
  readonly wait: number;
  /** Pages that the file may have, so that tests can fill it. */
  readonly pagesMax?: number;
}

export interface WriterOptions extends WorkerSettings {
  /** Called before callers learn of what was written. */
  readonly onWritten?: () => void;
}

export type ToWorker =
  | { readonly kind: 'batch'; readonly calls: readonly Call[]; readonly durable: boolean }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: StoreError['code']; readonly message: string }
  | { readonly kind: 'done'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'closed' };

interface Pending extends Call {
  readonly durable: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/** Calls in one transaction: bounds how long another process waits for its turn. */
const batchMax = 512;

/**
 * The one thread that writes. Calls that come while a batch is under way, or in the same turn, make the next one:
 * they share a transaction and, where any asked for it, an fsync.
 */
export class Writer {
  private readonly settings: WorkerSettings;
  private readonly onWritten: () => void;
  private worker: Worker | undefined;
  private starting: Promise<void> | undefined;
  private queue: Pending[] = [];
  private flying: readonly Pending[] = [];
  private scheduled = false;
  private closed: PromiseWithResolvers<void> | undefined;

  constructor({ onWritten = () => {}, ...settings }: WriterOptions) {
    this.settings = settings;
    this.onWritten = onWritten;
  }

  /** Resolves once the file is open and has this schema. */
  start(): Promise<void> {
    this.starting ??= this.spawn();
    return this.starting;
  }

  call<K extends OperationName>(
    name: K,
    args: Args<K>,
    durability: Durability = 'stored',
  ): Promise<Result<K>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.closed !== undefined) {
      reject(new StoreError('unavailable', { op: `catalog.${name}`, message: 'The catalog is closed.' }));
    } else {
      this.queue.push({ name, args, durable: durability === 'durable', resolve, reject });
      this.schedule();
    }
    return promise as Promise<Result<K>>;
  }

  /** Lets what was asked finish. */
  async close(): Promise<void> {
    if (this.closed === undefined) {
      this.closed = Promise.withResolvers();
      this.finishClosing();
    }
    await this.closed.promise;
  }

  /** Ends the thread as a crash would, for tests. */
  kill(): void {
    this.flush();
    void this.worker?.terminate();
  }

  private finishClosing(): void {
    if (this.closed === undefined || this.flying.length > 0 || this.queue.length > 0) return;
    if (this.worker === undefined) this.closed.resolve();
    else this.post({ kind: 'close' });
  }

  private post(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  /** At the end of the turn, so that callers who were just answered can join with their next call. */
  private schedule(): void {
    if (this.scheduled || this.flying.length > 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.flying.length > 0 || this.queue.length === 0) return;
    if (this.worker === undefined) {
      this.start().then(
        () => this.flush(),
        (error: unknown) => this.fail(error),
      );
      return;
    }
    this.flying = this.queue.splice(0, batchMax);
    const calls = this.flying.map(({ name, args }) => ({ name, args }));
    try {
      this.post({ kind: 'batch', calls, durable: this.flying.some((call) => call.durable) });
    } catch (cause) {
      const failed = this.flying;
      this.flying = [];
      const message = 'A change holds something that is not data.';
      for (const call of failed) call.reject(new StoreError('internal', { op: 'catalog', message, cause }));
      this.schedule();
    }
  }

  private spawn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const worker = new Worker(workerUrl('worker'), { workerData: this.settings });
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') {
        this.worker = worker;
        resolve();
      } else if (message.kind === 'failed') {
        reject(new StoreError(message.code, { op: 'catalog.open', message: message.message }));
      } else if (message.kind === 'done') this.settle(message.outcomes);
    });
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (code) => {
      cause ??= new Error(`the thread of the catalog ended with code ${code}`);
      this.starting = undefined;
      reject(stopped(cause));
      if (this.worker === worker) this.lost(cause);
      if (this.closed !== undefined && this.worker === undefined) this.closed.resolve();
    });
    return promise;
  }

  private settle(outcomes: readonly Outcome[]): void {
    this.onWritten();
    const calls = this.flying;
    this.flying = [];
    calls.forEach((call, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'value' in outcome) call.resolve(outcome.value);
      else if (outcome !== undefined) call.reject(new StoreError(outcome.error.code, outcome.error));
      else call.reject(new StoreError('internal', { op: `catalog.${call.name}` }));
    });
    if (this.queue.length > 0) this.schedule();
    else this.finishClosing();
  }

  /** The thread died: what it had is lost or done, nobody knows; the rest goes to a new one. */
  private lost(cause: unknown): void {
    this.worker = undefined;
    const calls = this.flying;
    this.flying = [];
    for (const call of calls) call.reject(stopped(cause));
    if (this.queue.length > 0) this.schedule();
  }

  private fail(error: unknown): void {
    const calls = this.queue;
    this.queue = [];
    for (const call of calls) call.reject(error instanceof StoreError ? error : stopped(error));
    this.finishClosing();
  }
}

function stopped(cause: unknown): StoreError {
  const message =
    'The catalog stopped while it was writing; whether this change was made is unknown. Look, and try again.';
  return new StoreError('unavailable', { op: 'catalog', message, cause });
}
