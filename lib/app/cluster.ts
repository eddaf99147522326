import cluster, { type Worker } from 'node:cluster';
import { StoreError } from '../core/error.ts';
import type { Log } from './log.ts';

/** From a worker to the first process. */
type Report =
  | { readonly hearth: 'serving'; readonly url: string }
  | { readonly hearth: 'failed'; readonly message: string }
  | { readonly hearth: 'metrics?'; readonly id: number };

/** From the first process to a worker. */
type Order =
  | { readonly hearth: 'stop' }
  | { readonly hearth: 'reload' }
  | { readonly hearth: 'metrics'; readonly id: number; readonly text: string };

const firstDelay = 200;
const longestDelay = 30_000;
/** A worker that served this long was well: its restart starts from the shortest delay again. */
const wellAfter = 60_000;

export interface Workers {
  readonly url: string;
  reload(): void;
  stop(): Promise<void>;
}

export interface WorkersOptions {
  readonly count: number;
  readonly log: Log;
  /** All workers' metrics as one text. */
  readonly metrics: () => Promise<string>;
}

/** Starts the workers and keeps them going; resolves when all serve, throws when one cannot even start. */
export async function startWorkers({ count, log, metrics }: WorkersOptions): Promise<Workers> {
  const state = { stopping: false };
  const timers = new Set<NodeJS.Timeout>();

  function start(delay: number): Promise<string> {
    const worker = cluster.fork();
    const born = Date.now();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    worker.on('message', (report: Report) => {
      if (report.hearth === 'serving') resolve(report.url);
      if (report.hearth === 'failed') reject(new StoreError('unavailable', { message: report.message }));
      if (report.hearth === 'metrics?') answer(worker, report.id, metrics, log);
    });
    worker.on('exit', (code, signal) => {
      reject(
        new StoreError('unavailable', { message: `A worker ended before it served (${signal ?? code}).` }),
      );
      if (!state.stopping) restart(worker, code, signal, Date.now() - born > wellAfter ? firstDelay : delay);
    });
    return promise;
  }

  function restart(worker: Worker, code: number, signal: string | null, delay: number): void {
    log.error(
      { worker: worker.id, code, signal, restartInMs: delay },
      'a worker ended; another takes its place',
    );
    const timer = setTimeout(() => {
      timers.delete(timer);
      start(Math.min(delay * 2, longestDelay)).catch((error: unknown) =>
        log.error({ err: error }, 'a worker could not start'),
      );
    }, delay);
    timers.add(timer);
  }

  async function stop(): Promise<void> {
    state.stopping = true;
    for (const timer of timers) clearTimeout(timer);
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map(async (worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        order(worker, { hearth: 'stop' });
        if (!worker.isDead()) await ended;
      }),
    );
  }

  try {
    const urls = await Promise.all(Array.from({ length: count }, () => start(firstDelay)));
    return { url: urls[0] ?? '', stop, reload: () => everyWorker({ hearth: 'reload' }) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function everyWorker(what: Order): void {
  for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) order(worker, what);
}

/** One that has just died cannot be told; its `exit` says so, and is dealt with there. */
function order(worker: Worker, what: Order): void {
  if (worker.isConnected()) worker.send(what, () => undefined);
}

function answer(worker: Worker, id: number, metrics: () => Promise<string>, log: Log): void {
  metrics().then(
    (text) => order(worker, { hearth: 'metrics', id, text }),
    (error: unknown) => log.error({ err: error }, 'the metrics of all workers could not be gathered'),
  );
}

/** The worker's end. */
export interface Boss {
  serving(url: string): void;
  failed(message: string): Promise<void>;
  metrics(): Promise<string>;
}

const metricsTimeout = 5000;

/** Undefined where this process is no worker. */
export function boss(orders: { readonly stop: () => void; readonly reload: () => void }): Boss | undefined {
  if (!cluster.isWorker) return undefined;
  const asked = new Map<number, (text: string) => void>();
  let last = 0;
  const tell = (report: Report) => process.send?.(report);
  process.on('message', (given: Order) => {
    if (given.hearth === 'stop') orders.stop();
    if (given.hearth === 'reload') orders.reload();
    if (given.hearth === 'metrics') asked.get(given.id)?.(given.text);
  });
  // The first process is gone, and with it upkeep and restarts.
  process.on('disconnect', orders.stop);
  return {
    serving: (url) => void tell({ hearth: 'serving', url }),
    failed: (message) =>
      new Promise((resolve) => {
        if (process.send?.({ hearth: 'failed', message }, () => resolve()) === undefined) resolve();
      }),
    metrics: () => {
      const id = ++last;
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const timer = setTimeout(() => reject(new Error('no metrics from the first process')), metricsTimeout);
      asked.set(id, resolve);
      tell({ hearth: 'metrics?', id });
      return promise.finally(() => {
        clearTimeout(timer);
        asked.delete(id);
      });
    },
  };
}
