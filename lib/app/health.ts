import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware, ParameterizedContext } from 'koa';
import type { House } from './compose.ts';

/** Where a probe of a store gives up. */
const probeTimeout = 2000;

export interface HealthOptions {
  readonly house: Pick<House, 'catalog' | 'blobs' | 'config'>;
  /** True once the server is on its way out: it answers, and wants no new work. */
  readonly stopping: () => boolean;
  /** Text for Prometheus and its media type. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

/** `/healthz`: the process lives. `/readyz`: the stores answer. `/metrics`: for those who may see it. */
export function health(options: HealthOptions): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    if (ctx.path === '/healthz') {
      ctx.body = 'ok\n';
    } else if (ctx.path === '/readyz') {
      const checks = await probe(options);
      const ready = Object.values(checks).every((answer) => answer === 'ok');
      ctx.status = ready ? 200 : 503;
      ctx.body = { ready, ...checks };
    } else if (ctx.path === '/metrics') {
      await metrics(ctx, options);
    } else {
      return next();
    }
    ctx.set('Cache-Control', 'no-store');
  };
}

async function metrics(ctx: ParameterizedContext, options: HealthOptions): Promise<void> {
  if (!maySeeMetrics(ctx, options.house.config.metrics.token)) {
    ctx.status = 403;
    ctx.body =
      'Metrics are for this machine alone, or for who sends the configured metrics.token as Bearer.\n';
    return;
  }
  const { type, text } = await options.metrics();
  ctx.set('Content-Type', type);
  ctx.body = text;
}

/** Behind a proxy on this machine everybody comes from loopback: a forwarded request is not local. */
function maySeeMetrics(ctx: ParameterizedContext, token: string | null): boolean {
  if (token !== null) return equal(ctx.get('authorization'), `Bearer ${token}`);
  const forwarded = ['forwarded', 'x-forwarded-for', 'via'].some((name) => ctx.get(name) !== '');
  const address = ctx.req.socket.remoteAddress ?? '';
  return !forwarded && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

async function probe({ house, stopping }: HealthOptions): Promise<Readonly<Record<string, string>>> {
  const [catalog, blobs] = await Promise.all([
    answers(house.catalog.accounts.setting('ready')),
    answers(house.blobs.free()),
  ]);
  return { server: stopping() ? 'stopping' : 'ok', catalog, blobs };
}

async function answers(question: Promise<unknown>): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve('no answer'), probeTimeout);
  try {
    return await Promise.race([
      late,
      question.then(
        () => 'ok',
        () => 'failed',
      ),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
