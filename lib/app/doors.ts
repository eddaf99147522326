import Koa from 'koa';
import { register } from 'prom-client';
import { httpMetrics, processMetrics } from '../http/metrics.ts';
import { webdavHandler } from '../webdav/handler.ts';
import type { House } from './compose.ts';
import { health } from './health.ts';
import type { Log } from './log.ts';

export interface DoorOptions {
  readonly house: House;
  readonly log: Log;
  readonly stopping: () => boolean;
  /** The text for `/metrics`, where another process gathers it for all. */
  readonly metrics?: (() => Promise<string>) | undefined;
}

/** Every door of one process, the probes first: they answer whoever asks. */
export function application({ house, log, stopping, metrics }: DoorOptions): Koa {
  const { config, workspaces, authenticator, clock } = house;
  register.clear();
  processMetrics(register);
  const text = metrics ?? (() => register.metrics());
  const app = new Koa();
  app.on('error', (error: unknown) => log.error({ err: error }, 'request failed'));
  app.use(
    webdavHandler({
      workspaces,
      authenticator,
      clock,
      log,
      metrics: httpMetrics(register),
      origins: config.publicOrigins,
      trustedProxies: config.trustedProxies,
      stall: config.limits.stallTimeout,
    }),
  );
  app.use(
    health({ house, stopping, metrics: async () => ({ type: register.contentType, text: await text() }) }),
  );
  return app;
}
