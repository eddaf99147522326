import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A virtual machine may hand its free memory back to its host, and the first use of every page then costs several times
 * its copying. So many bytes are used and freed before a large body is timed: the servers are to be compared, not that.
 */
export async function warm(dir: string, bytes: number): Promise<void> {
  const path = join(dir, 'warm');
  const file = await open(path, 'w');
  const block = Buffer.alloc(1 << 20);
  for (let at = 0; at < bytes; at += block.length) await file.write(block);
  await file.close();
  await rm(path);
}
