import cluster from 'node:cluster';
import { boss, startWorkers } from '../app/cluster.ts';
import { readEnvironment } from '../app/env.ts';
import type { Config } from '../app/schema.ts';
import { mind, serve } from '../app/serve.ts';
import { exposureWarning, type FirstUser, greetingText, welcomeText } from '../app/welcome.ts';
import { Exit, exitCodes, explain } from './exit.ts';
import { configFor } from './house.ts';
import { type Output, output } from './output.ts';
import type { ServeFlags } from './serve-flags.ts';

export async function runServe(flags: ServeFlags): Promise<void> {
  const { host, port, durability, tlsCert, tlsKey, workers } = flags;
  const given = { host, port, durability, 'tls.cert': tlsCert, 'tls.key': tlsKey, workers };
  const config = await configFor(flags, given);
  const { secret } = readEnvironment(process.env);
  if (cluster.isWorker) return runWorker(config, secret);
  const out = output(flags);
  const warning = exposureWarning(config);
  if (warning !== undefined) process.stderr.write(`${warning}\n`);
  return config.workers > 1 ? runPrimary(config, secret, out) : runAlone(config, secret, out);
}

async function runAlone(config: Config, secret: string | undefined, out: Output): Promise<void> {
  const stopped = signals();
  const serving = await serve(config, { secret, upkeep: true });
  announce(out, config, serving);
  stopped.onReload(() =>
    serving.reload().catch((error: unknown) => serving.log.error({ err: error }, 'reload')),
  );
  await stopped.promise;
  await serving.stop();
}

async function runPrimary(config: Config, secret: string | undefined, out: Output): Promise<void> {
  const stopped = signals();
  const { AggregatorRegistry } = await import('prom-client');
  const registry = new AggregatorRegistry();
  const home = await mind(config, { secret });
  const workers = await startWorkers({
    count: config.workers,
    log: home.log,
    metrics: () => registry.clusterMetrics(),
  }).catch(async (error: unknown) => {
    await home.stop();
    throw error;
  });
  announce(out, config, { url: workers.url, first: home.first });
  stopped.onReload(() => workers.reload());
  await stopped.promise;
  await workers.stop();
  await home.stop();
}

async function runWorker(config: Config, secret: string | undefined): Promise<void> {
  const stopped = signals();
  const above = boss({ stop: stopped.stop, reload: stopped.reload });
  try {
    const serving = await serve(config, {
      secret,
      upkeep: false,
      ...(above === undefined ? {} : { metrics: above.metrics }),
    });
    stopped.onReload(() =>
      serving.reload().catch((error: unknown) => serving.log.error({ err: error }, 'reload')),
    );
    above?.serving(serving.url);
    await stopped.promise;
    await serving.stop();
  } catch (error) {
    await above?.failed(explain(error).text.replace(/^hearth: /, ''));
    throw new Exit(exitCodes.failed);
  } finally {
    cluster.worker?.disconnect();
  }
}

/** Resolves at the first signal to stop; the second ends the process. */
function signals() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  let reload = () => {};
  const onSignal = () => {
    if (asked) process.exit(130);
    asked = true;
    resolve();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', () => reload());
  return {
    promise,
    /** As a signal does, but as often as one likes. */
    stop: () => resolve(),
    reload: () => reload(),
    onReload: (action: () => void) => {
      reload = action;
    },
  };
}

function announce(
  out: Output,
  config: Config,
  { url, first }: { readonly url: string; readonly first: FirstUser | undefined },
): void {
  const text = first === undefined ? greetingText(url, config) : welcomeText(url, first, config);
  out.result({ url, first: first ?? null }, text);
}
