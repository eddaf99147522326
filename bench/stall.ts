import { readFile } from 'node:fs/promises';
import type { Running } from './peers/peer.ts';

/** Asks for a small file again and again until stopped; milliseconds of the slowest reply. */
export function slowestGet(site: Running, path: string): { stop(): Promise<number> } {
  let running = true;
  let slowest = 0;
  const headers: Record<string, string> = {};
  if (site.authorization !== undefined) headers.Authorization = site.authorization;
  const asking = (async () => {
    while (running) {
      const begin = performance.now();
      const reply = await fetch(site.url + path, { headers });
      await reply.arrayBuffer();
      if (!reply.ok) throw new Error(`GET ${path}: ${reply.status}`);
      slowest = Math.max(slowest, performance.now() - begin);
    }
  })();
  // Reported where it is waited for.
  asking.catch(() => undefined);
  return {
    stop: async () => {
      running = false;
      await asking;
      return slowest;
    },
  };
}

/** Longest delay of Hearth's event loop since this was last asked, milliseconds over its 20 ms sampling. */
export async function eventLoopStall(site: Running): Promise<number> {
  if (site.hearth === undefined) return Number.NaN;
  const reply = await fetch(`${site.hearth.origin}/metrics`);
  const found = /^nodejs_eventloop_lag_max_seconds ([\d.e-]+)$/m.exec(await reply.text());
  return found === null ? Number.NaN : Math.max(0, Number(found[1]) * 1000 - 20);
}

/** MiB that a process has asked to read so far, from files and sockets. */
export async function bytesRead(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8');
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1]) / 2 ** 20;
}
