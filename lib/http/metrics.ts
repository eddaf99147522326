import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client';

export interface HttpMetrics {
  observe(method: string, status: number, seconds: number): void;
}

/** Others share one label: a client must not be able to make labels. */
const methods: ReadonlySet<string> = new Set(
  'OPTIONS GET HEAD POST PUT PATCH DELETE MKCOL COPY MOVE LOCK UNLOCK PROPFIND PROPPATCH REPORT'.split(' '),
);

interface Entry {
  readonly method: string;
  /** By status. */
  readonly counts: Map<number, number>;
  readonly duration: { observe(seconds: number): void };
}

/** Counts in plain objects; prom-client's labels are made when someone looks. */
export function httpMetrics(register: Registry): HttpMetrics {
  const entries = new Map<string, Entry>();
  new Counter({
    name: 'hearth_http_requests_total',
    help: 'Requests by method and status.',
    labelNames: ['method', 'status'] as const,
    registers: [register],
    collect() {
      this.reset();
      for (const { method, counts } of entries.values()) {
        for (const [status, count] of counts) this.inc({ method, status }, count);
      }
    },
  });
  const durations = new Histogram({
    name: 'hearth_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its reply, by method.',
    labelNames: ['method'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600],
    registers: [register],
  });
  return {
    observe(asked, status, seconds) {
      const method = methods.has(asked) ? asked : 'other';
      const entry = entries.get(method) ?? {
        method,
        counts: new Map(),
        duration: durations.labels({ method }),
      };
      if (entry.counts.size === 0) entries.set(method, entry);
      entry.counts.set(status, (entry.counts.get(status) ?? 0) + 1);
      entry.duration.observe(seconds);
    },
  };
}

/** Memory, CPU, garbage collection, event-loop lag. */
export function processMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 20 });
}
