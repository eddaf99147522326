import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf } from './memory.ts';

/** Longer than the peers' pauses in what they do afterwards. */
const still = 2_600;
const step = 200;
const patience = 60_000;

/**
 * Until a server and its children have had nothing to do for a while, so that no peer's afterwork is the next one's burden.
 * Resolves to the seconds that it was busy.
 */
export async function quiet(pid: number): Promise<number> {
  const begun = performance.now();
  let since = begun;
  for (let last = await cpuOf(pid); performance.now() - since < still; ) {
    await sleep(step);
    const now = await cpuOf(pid);
    // Two ticks of 10 ms in 200 ms: timers and the like.
    if (now - last > 2) since = performance.now();
    last = now;
    if (performance.now() - begun > patience) {
      console.error(`process ${pid} is busy a minute after its work`);
      break;
    }
  }
  return (since - begun) / 1000;
}
