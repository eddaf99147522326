import { type Background, startBackground } from './background.ts';
import { compose, type House } from './compose.ts';
import { application } from './doors.ts';
import { createLog, type Log } from './log.ts';
import { createMetrics, type StoreTimings } from './metrics.ts';
import type { Config } from './schema.ts';
import { type RunningServer, startServer } from './server.ts';
import { type FirstUser, firstStart } from './welcome.ts';

export interface ServeOptions {
  readonly secret?: string | undefined;
  /** Flushing, compaction, sweeping: in one process of an installation. */
  readonly upkeep: boolean;
  /** The text for `/metrics`, where another process gathers it for all. */
  readonly metrics?: () => Promise<string>;
}

export interface Serving {
  readonly url: string;
  readonly first: FirstUser | undefined;
  readonly log: Log;
  reload(): Promise<void>;
  /** Drains and closes; safe to call twice. */
  stop(): Promise<void>;
}

/** One process that serves: stores, doors, server, upkeep, in this order, and back in the other. */
export async function serve(config: Config, options: ServeOptions): Promise<Serving> {
  const log = createLog(config);
  const metrics = createMetrics(options.metrics);
  const house = await openHouse(config, options, log, metrics.stores);
  try {
    const first = await firstStart(house);
    const state = { stopping: false };
    const app = application({ house, log, stopping: () => state.stopping, metrics });
    const server = await startServer(config, app.callback());
    const background = options.upkeep ? startBackground(house, log) : undefined;
    log.info({ url: server.url, durability: config.durability }, 'serving');
    let ended: Promise<void> | undefined;
    return {
      url: server.url,
      first,
      log,
      reload: async () => {
        await server.reload();
        log.info('certificate read anew');
      },
      stop: () => {
        state.stopping = true;
        ended ??= shutDown({ server, background, house, log });
        return ended;
      },
    };
  } catch (error) {
    await house.close();
    throw error;
  }
}

/** The stores alone, with upkeep: what the first process of a cluster does beside minding the others. */
export async function mind(
  config: Config,
  options: Pick<ServeOptions, 'secret'>,
): Promise<{ readonly first: FirstUser | undefined; readonly log: Log; stop(): Promise<void> }> {
  const log = createLog(config);
  const house = await openHouse(config, options, log);
  const first = await firstStart(house).catch(async (error: unknown) => {
    await house.close();
    throw error;
  });
  const background = startBackground(house, log);
  return { first, log, stop: () => shutDown({ server: undefined, background, house, log }) };
}

function openHouse(
  config: Config,
  { secret }: Pick<ServeOptions, 'secret'>,
  log: Log,
  timings?: StoreTimings,
): Promise<House> {
  const onError = (error: unknown) => log.warn({ err: error }, 'something in the background failed');
  return compose(config, { secret, onError, ...(timings === undefined ? {} : { timings }) });
}

interface Parts {
  readonly server: RunningServer | undefined;
  readonly background: Background | undefined;
  readonly house: House;
  readonly log: Log;
}

async function shutDown({ server, background, house, log }: Parts): Promise<void> {
  const [drained] = await Promise.all([server?.stop() ?? true, background?.stop()]);
  if (!drained) log.warn('requests that were still under way were cut');
  await house.close();
  log.info('stopped');
}
