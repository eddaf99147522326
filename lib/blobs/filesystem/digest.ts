import { Worker } from 'node:worker_threads';
import { StoreError } from '../../core/error.ts';

export type ToWorker =
  | {
      readonly op: 'begin';
      readonly job: number;
      /** A file whose bytes come before those in memory. */
      readonly resume: string | undefined;
      readonly digests: readonly string[];
      readonly memory: SharedArrayBuffer;
      readonly slotSize: number;
    }
  | { readonly op: 'hash'; readonly job: number; readonly slot: number; readonly length: number }
  | { readonly op: 'finish'; readonly job: number }
  | { readonly op: 'drop'; readonly job: number };

export type ToMain =
  | { readonly op: 'begun'; readonly job: number; readonly size: number }
  | { readonly op: 'hashed'; readonly job: number; readonly slot: number }
  | { readonly op: 'finished'; readonly job: number; readonly digests: Record<string, string> }
  | { readonly op: 'dropped'; readonly job: number }
  | { readonly op: 'failed'; readonly job: number; readonly code: string; readonly message: string };

type Listener = (message: ToMain) => void;

interface Thread {
  readonly worker: Worker;
  readonly listeners: Map<number, Listener>;
}

/** Threads that hash; two keep two cores busy. */
const most = 2;

export interface Digesters {
  /** A number for a new job, on the thread with the least to do. */
  start(listener: Listener): { send(message: ToWorker): void; readonly job: number; end(): void };
  close(): Promise<void>;
}

export function digesters(): Digesters {
  const threads: Thread[] = [];
  let jobs = 0;

  function thread(): Thread {
    const idle = threads.find((one) => one.listeners.size === 0);
    if (idle !== undefined) return idle;
    if (threads.length < most) {
      const made = spawn();
      threads.push(made);
      return made;
    }
    return threads.reduce((least, one) => (one.listeners.size < least.listeners.size ? one : least));
  }

  function spawn(): Thread {
    // The same file is TypeScript in the checkout and JavaScript in the package.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./digest-worker.${extension}`, import.meta.url));
    const listeners = new Map<number, Listener>();
    const made = { worker, listeners };
    worker.unref();
    worker.on('message', (message: ToMain) => listeners.get(message.job)?.(message));
    const gone = (cause: unknown) => {
      const at = threads.indexOf(made);
      if (at !== -1) threads.splice(at, 1);
      for (const [job, listener] of listeners) {
        listener({ op: 'failed', job, code: 'EIO', message: `the hashing thread ended: ${String(cause)}` });
      }
    };
    worker.on('error', gone);
    worker.on('exit', gone);
    return made;
  }

  return {
    start: (listener) => {
      const job = jobs++;
      const { worker, listeners } = thread();
      listeners.set(job, listener);
      worker.ref();
      return {
        job,
        send: (message) => worker.postMessage(message),
        end: () => {
          listeners.delete(job);
          if (listeners.size === 0) worker.unref();
        },
      };
    },
    close: async () => {
      await Promise.all(threads.splice(0).map((one) => one.worker.terminate()));
    },
  };
}

/** Failure of a job, with the code that the system gave. */
export function failure(message: Extract<ToMain, { op: 'failed' }>): Error {
  if (message.code === '') return new StoreError('internal', { op: 'blobs.stage', message: message.message });
  return Object.assign(new Error(message.message), { code: message.code });
}
