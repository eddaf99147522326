import { randomUUID } from 'node:crypto';
import Koa from 'koa';
import type { House } from './compose.ts';
import { health } from './health.ts';
import type { Log } from './log.ts';

export interface DoorOptions {
  readonly house: House;
  readonly log: Log;
  readonly stopping: () => boolean;
  readonly metrics?: (() => Promise<string>) | undefined;
}

export function application({ house, stopping }: DoorOptions): Koa {
  const app = new Koa();
  app.use((ctx, next) => {
    ctx.set('X-Request-Id', randomUUID());
    return next();
  });
  app.use(health({ house, stopping, metrics: async () => ({ type: 'text/plain', text: '' }) }));
  return app;
}
