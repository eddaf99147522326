import type { BlobStore } from '../core/contracts.ts';
import { collectGarbage, type GcOptions, type GcReport } from '../workspace/gc.ts';
import type { House } from './compose.ts';

/** Until when no bytes may be removed, milliseconds since 1970, kept as a setting for every process to see. */
const holdKey = 'hearth.keep_bytes_until';
const collectedKey = 'hearth.collected_at';
const holdFor = 10 * 60_000;
const holdAgain = 60_000;

/**
 * While `work` runs, every process leaves unreferenced bytes alone: what a backup's catalog names is still there
 * when its bytes are copied. Ends by itself some minutes after a crash.
 */
export async function keepingBytes<T>(house: House, work: () => Promise<T>): Promise<T> {
  const hold = () => house.catalog.accounts.putSetting(holdKey, String(house.clock() + holdFor));
  await hold();
  let failure: unknown;
  const timer = setInterval(() => {
    hold().catch((error: unknown) => {
      failure = error;
    });
  }, holdAgain);
  try {
    const result = await work();
    if (failure !== undefined) throw failure;
    return result;
  } finally {
    clearInterval(timer);
    await house.catalog.accounts.putSetting(holdKey, '0');
  }
}

/** Garbage collection that gives way to a backup. */
export async function collect(
  house: House,
  options: Pick<GcOptions, 'youngerThan' | 'dryRun' | 'onProgress'>,
): Promise<GcReport> {
  const blobs = giveWay(house);
  const report = await collectGarbage({ catalog: house.catalog, blobs, now: house.clock(), ...options });
  if (options.dryRun !== true) {
    await house.catalog.accounts.putSetting(collectedKey, String(house.clock()));
  }
  return report;
}

export async function lastCollected(house: House): Promise<number> {
  return Number((await house.catalog.accounts.setting(collectedKey)) ?? 0);
}

function giveWay(house: House): BlobStore {
  return {
    ...house.blobs,
    remove: async (ref, unless) => {
      const until = Number((await house.catalog.accounts.setting(holdKey)) ?? 0);
      return until > house.clock() ? false : house.blobs.remove(ref, unless);
    },
  };
}

/** Removes stages that nobody comes back for; those of uploads under way stay. */
export async function sweepStages(house: House): Promise<number> {
  const keep = new Set<string>();
  const { accounts, uploads } = house.catalog;
  for await (const page of accounts.users()) {
    for (const user of page) {
      for (const upload of await uploads.list(user.id)) keep.add(upload.stage);
    }
  }
  return house.blobs.sweepStages(house.clock() - house.config.upkeep.stagesFor, keep);
}

/** Takes away, for good, those whose grace period after `user remove` is over; their logins. */
export async function eraseRemoved(house: House): Promise<readonly string[]> {
  const gone: string[] = [];
  const { accounts } = house.catalog;
  for await (const page of accounts.users()) {
    for (const user of page) {
      if (user.removeAfter === null || user.removeAfter > house.clock()) continue;
      await accounts.eraseUser(user.id);
      gone.push(user.login);
    }
  }
  return gone;
}
