import { AggregatorRegistry, Histogram, register } from 'prom-client';
import type { BlobStore, Catalog } from '../core/contracts.ts';
import { type HttpMetrics, httpMetrics, processMetrics } from '../http/metrics.ts';

export interface Metrics {
  readonly http: HttpMetrics;
  /** How long the calls of the stores take. */
  readonly stores: StoreTimings;
  /** For `/metrics`. */
  text(): Promise<{ readonly type: string; readonly text: string }>;
}

/** One process has one set. `gathered`: the text of all processes, where another one gathers it. */
export function createMetrics(gathered?: () => Promise<string>): Metrics {
  register.clear();
  // In a worker this answers the first process when it gathers.
  if (gathered !== undefined) new AggregatorRegistry();
  processMetrics(register);
  return {
    http: httpMetrics(register),
    stores: storeTimings(),
    text: async () => ({
      type: register.contentType,
      text: gathered === undefined ? await register.metrics() : await gathered(),
    }),
  };
}

export interface StoreTimings {
  catalog(catalog: Catalog): Catalog;
  blobs(blobs: BlobStore): BlobStore;
}

function storeTimings(): StoreTimings {
  const seconds = new Histogram({
    name: 'hearth_store_duration_seconds',
    help: 'Time of a call of the catalog or the blob store.',
    labelNames: ['store', 'call'] as const,
    buckets: [0.00005, 0.0002, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [register],
  });
  const watch = (store: string) => (call: string) => seconds.labels({ store, call });
  return {
    catalog: (catalog) => timed(catalog, catalogCalls, watch('catalog')),
    blobs: (blobs) => timed(blobs, blobCalls, watch('blobs')),
  };
}

const catalogCalls = [
  'entry',
  'resolve',
  'layout',
  'put',
  'mkdir',
  'splice',
  'move',
  'copy',
  'remove',
  'annotate',
  'compact',
  'usage',
  'changes',
] as const satisfies readonly (keyof Catalog)[];

const blobCalls = [
  'stage',
  'putSmall',
  'putMany',
  'open',
  'remove',
  'sync',
] as const satisfies readonly (keyof BlobStore)[];

type Call = (...args: readonly unknown[]) => Promise<unknown>;

/** The same store, whose calls are measured until they settle, well or not. */
function timed<T extends object>(
  store: T,
  calls: readonly (keyof T & string)[],
  watch: (call: string) => { observe(seconds: number): void },
): T {
  const measured = calls.map((name) => {
    const call = store[name] as Call;
    const seconds = watch(name);
    const timedCall: Call = async (...args) => {
      const start = performance.now();
      try {
        return await call.apply(store, [...args]);
      } finally {
        seconds.observe((performance.now() - start) / 1000);
      }
    };
    return [name, timedCall] as const;
  });
  return { ...store, ...Object.fromEntries(measured) };
}
