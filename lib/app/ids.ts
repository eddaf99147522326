import { randomBytes } from 'node:crypto';
import type { Clock, Ids } from '../core/contracts.ts';

/** MongoDB's ObjectIds: 4 bytes of seconds, 5 of the process, 3 of a counter. */
export function objectIds(clock: Clock = Date.now): Ids {
  const process = randomBytes(5).toString('hex');
  let counter = randomBytes(3).readUIntBE(0, 3);
  return () => {
    counter = (counter + 1) & 0xffffff;
    const seconds = Math.floor(clock() / 1000) >>> 0;
    return seconds.toString(16).padStart(8, '0') + process + counter.toString(16).padStart(6, '0');
  };
}
