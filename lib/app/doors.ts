import Koa from 'koa';
import { credentialsHandler } from '../credentials/handler.ts';
import { webdavHandler } from '../webdav/handler.ts';
import type { House } from './compose.ts';
import { health } from './health.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface DoorOptions {
  readonly house: House;
  readonly log: Log;
  readonly stopping: () => boolean;
  readonly metrics: Metrics;
}

/** Every door of one process. */
export function application({ house, log, stopping, metrics }: DoorOptions): Koa {
  const { config, workspaces, authenticator, clock } = house;
  const app = new Koa();
  app.on('error', (error: unknown) => log.error({ err: error }, 'request failed'));
  app.use(
    webdavHandler({
      workspaces,
      authenticator,
      clock,
      log,
      metrics: metrics.http,
      origins: config.publicOrigins,
      trustedProxies: config.trustedProxies,
      stall: config.limits.stallTimeout,
    }),
  );
  app.use(
    credentialsHandler({
      ...house.credentials,
      workspaces,
      authenticator,
      accounts: house.catalog.accounts,
      resolve: (from, names) => house.catalog.resolve(from, names),
      downloadLifetime: config.credentials.downloadLifetime,
      issuers: house.issuers,
      clock,
      log,
      metrics: metrics.http,
      origins: config.publicOrigins,
      trustedProxies: config.trustedProxies,
      stall: config.limits.stallTimeout,
    }),
  );
  app.use(health({ house, stopping, metrics: metrics.text }));
  return app;
}
