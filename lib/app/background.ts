import { compactFiles } from '../workspace/compact.ts';
import { flushBodies } from '../workspace/flush.ts';
import type { House } from './compose.ts';
import type { Log } from './log.ts';
import { collect, eraseRemoved, lastCollected, sweepStages } from './maintenance.ts';

/** Bodies, files and rows that one step takes, so that each step is short. */
const flushStep = 256;
const compactStep = 16;
const sweepStep = 500;
/** Share of the time that the event loop had work in, above which upkeep that can wait does. */
const busyAbove = 0.4;
/** Looks this often whether a collection is due. */
const collectCheck = 600_000;
/** How long the end waits for steps under way; what is cut off is taken up again at the next start. */
const stopTimeout = 5000;

interface Job {
  readonly name: string;
  readonly every: number;
  /** One step; true when there is more to do at once. */
  readonly step: () => Promise<boolean>;
}

export interface Background {
  /** Ends after the steps that are under way. */
  stop(): Promise<void>;
}

/** Upkeep, for one process of an installation. Each job goes on its own; a failure is logged and tried again. */
export function startBackground(house: House, log: Log): Background {
  const stopping = new AbortController();
  const jobs = jobsOf(house, log, stopping.signal);
  const running = jobs.map((job) => repeat(job, log, stopping.signal));
  return {
    stop: async () => {
      stopping.abort();
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, stopTimeout);
      await Promise.race([late, Promise.all(running)]);
      clearTimeout(timer);
    },
  };
}

async function repeat(job: Job, log: Log, stopping: AbortSignal): Promise<void> {
  while (await pause(job.every, stopping)) {
    try {
      while (await job.step()) if (stopping.aborted) return;
    } catch (error) {
      if (stopping.aborted) return;
      log.error({ err: error, job: job.name }, 'upkeep failed; it is tried again');
    }
  }
}

/** False when the time was cut short by the end. */
function pause(ms: number, stopping: AbortSignal): Promise<boolean> {
  if (stopping.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (more: boolean) => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', cut);
      resolve(more);
    };
    const cut = () => done(false);
    const timer = setTimeout(() => done(true), ms);
    stopping.addEventListener('abort', cut);
  });
}

/** Whether the event loop was busy since it was last asked. */
function busyness(): () => boolean {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization > busyAbove;
  };
}

function jobsOf(house: House, log: Log, stopping: AbortSignal): readonly Job[] {
  const { catalog, blobs, clock } = house;
  const { upkeep } = house.config;
  const busy = busyness();
  const once = async (step: () => Promise<unknown>) => {
    await step();
    return false;
  };
  return [
    {
      name: 'flush',
      every: upkeep.flushEvery,
      step: async () => (await flushBodies(catalog, blobs, { limit: flushStep, busy: busy() })) === flushStep,
    },
    {
      name: 'compact',
      every: upkeep.compactEvery,
      step: async () => {
        const options = {
          extents: upkeep.compactExtents,
          before: clock() - upkeep.compactAfter,
          limit: compactStep,
        };
        return (await compactFiles(catalog, blobs, options)) === compactStep;
      },
    },
    {
      name: 'expire',
      every: upkeep.expireEvery,
      step: () => once(() => catalog.upkeep.expire(clock(), clock() - upkeep.journalFor)),
    },
    {
      name: 'sweep',
      every: upkeep.sweepEvery,
      step: async () => (await catalog.upkeep.sweep(clock() - upkeep.trashFor, sweepStep)) === sweepStep,
    },
    {
      name: 'people and stages',
      every: upkeep.sweepEvery,
      step: () =>
        once(async () => {
          for (const login of await eraseRemoved(house)) log.info({ login }, 'removed user erased');
          await sweepStages(house);
        }),
    },
    {
      name: 'collect',
      every: Math.min(collectCheck, upkeep.collectEvery),
      step: () =>
        once(async () => {
          if (clock() - (await lastCollected(house)) < upkeep.collectEvery) return;
          const report = await collect(house, {
            youngerThan: upkeep.collectOlderThan,
            onProgress: () => stopping.throwIfAborted(),
          });
          log.info(report, 'unreferenced bytes collected');
        }),
    },
  ];
}
