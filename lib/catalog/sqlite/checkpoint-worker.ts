import { parentPort, workerData } from 'node:worker_threads';
import { Database } from './database.ts';

const { path } = workerData as { readonly path: string };
const db = new Database(path, { wait: 0 });

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  // Frames in the log; -1 where another checkpoint is under way.
  const [, frames = 0] = db.get<[number, number, number]>('PRAGMA wal_checkpoint(PASSIVE)') ?? [];
  parentPort?.postMessage(frames);
});
