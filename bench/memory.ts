import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

async function readOr(file: string, absent: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // The process has ended meanwhile.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return absent;
    throw error;
  }
}

async function descendants(pid: number): Promise<readonly number[]> {
  const text = await readOr(`/proc/${pid}/task/${pid}/children`, '');
  const children = text
    .split(' ')
    .filter((part) => part !== '')
    .map(Number);
  return [pid, ...(await Promise.all(children.map(descendants))).flat()];
}

/** Resident memory of a process and its children, MiB; what they share counts in each. */
export async function memoryOf(pid: number): Promise<number> {
  let kilobytes = 0;
  for (const one of await descendants(pid)) {
    const status = await readOr(`/proc/${one}/status`, '');
    kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** CPU time of a process and its children, in ticks of 10 ms. */
export async function cpuOf(pid: number): Promise<number> {
  let ticks = 0;
  for (const one of await descendants(pid)) {
    const fields = (await readOr(`/proc/${one}/stat`, '')).replace(/^.*\) /s, '').split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks;
}

/** Sampled every 50 ms until stopped. */
export function peakMemory(pid: number): { stop(): Promise<number> } {
  let running = true;
  let peak = 0;
  const sampling = (async () => {
    while (running) {
      peak = Math.max(peak, await memoryOf(pid));
      await sleep(50);
    }
  })();
  return {
    stop: async () => {
      running = false;
      await sampling;
      return peak;
    },
  };
}
