import { Worker } from 'node:worker_threads';
import type { Database } from './database.ts';
import { workerUrl } from './thread.ts';

/** Calls between two checkpoints. */
const callsMax = 400;
/** Frames of the write-ahead log (of 8 KiB) after which it is begun anew. */
const framesMax = 8192;

/**
 * Pages go from the write-ahead log to the file in a thread of their own, since that waits for the disk: in the
 * writing thread it kept one batch in a hundred waiting for 35 ms. When the log has grown long, the writing
 * thread itself takes the few pages that came meanwhile, and its next batch begins the log anew. SQLite's own
 * checkpoint (`wal_autocheckpoint`) stays as the last bound.
 */
export class Checkpoints {
  private readonly path: string;
  private readonly db: () => Database | undefined;
  private worker: Worker | undefined;
  private calls = 0;
  private running = false;

  constructor(path: string, db: () => Database | undefined) {
    this.path = path;
    this.db = db;
  }

  written(calls: number): void {
    this.calls += calls;
    if (this.calls < callsMax || this.running) return;
    this.calls = 0;
    this.running = true;
    this.worker ??= this.start();
    this.worker.postMessage('checkpoint');
  }

  private start(): Worker {
    const worker = new Worker(workerUrl('checkpoint-worker'), { workerData: { path: this.path } });
    worker.on('message', (frames: number) => {
      this.running = false;
      if (frames > framesMax) this.db()?.get('PRAGMA wal_checkpoint(PASSIVE)');
    });
    // Without the thread, the log is checkpointed by SQLite itself, in the writing thread.
    worker.on('error', () => {
      this.running = true;
      this.worker = undefined;
    });
    worker.unref();
    return worker;
  }

  /** The last to close the file empties the log, so this goes first. */
  async close(): Promise<void> {
    const worker = this.worker;
    this.worker = undefined;
    this.running = true;
    if (worker === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.on('exit', () => resolve());
    worker.postMessage('close');
    await promise;
  }
}
