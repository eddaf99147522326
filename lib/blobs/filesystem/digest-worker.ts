import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { ToMain, ToWorker } from './digest.ts';

/** Hashes staged files: the bytes come in shared memory, only small messages go to and fro. */
const port = parentPort;
if (port === null) throw new Error('the digester runs in a worker thread');

interface Job {
  readonly slots: readonly Uint8Array[];
  readonly hashes: readonly (readonly [string, Hash])[];
  size: number;
}

const jobs = new Map<number, Job>();

function begin(message: Extract<ToWorker, { op: 'begin' }>): ToMain {
  const { memory, slotSize } = message;
  const slots = Array.from(
    { length: memory.byteLength / slotSize },
    (_, n) => new Uint8Array(memory, n * slotSize, slotSize),
  );
  const hashes = message.digests.map((name) => [name, createHash(name)] as const);
  const job: Job = { slots, hashes, size: 0 };
  jobs.set(message.job, job);
  if (message.resume !== undefined) rehash(job, message.resume);
  return { op: 'begun', job: message.job, size: job.size };
}

/** What a stage held before a restart: hashed anew, from the file. */
function rehash(job: Job, path: string): void {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(1_048_576);
    for (let read = -1; read !== 0; job.size += read) {
      read = readSync(fd, buffer, 0, buffer.length, job.size);
      for (const [, hash] of job.hashes) hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

function handle(message: ToWorker): ToMain {
  if (message.op === 'begin') return begin(message);
  const job = jobs.get(message.job);
  if (job === undefined)
    return { op: 'failed', job: message.job, code: 'EBADF', message: 'the stage is closed' };
  if (message.op === 'hash') {
    const bytes = (job.slots[message.slot] as Uint8Array).subarray(0, message.length);
    for (const [, hash] of job.hashes) hash.update(bytes);
    return { op: 'hashed', job: message.job, slot: message.slot };
  }
  jobs.delete(message.job);
  if (message.op === 'drop') return { op: 'dropped', job: message.job };
  const digests = Object.fromEntries(job.hashes.map(([name, hash]) => [name, hash.digest('hex')]));
  return { op: 'finished', job: message.job, digests };
}

port.on('message', (message: ToWorker) => {
  try {
    port.postMessage(handle(message));
  } catch (error) {
    const { code = '', message: text } = error as NodeJS.ErrnoException;
    port.postMessage({ op: 'failed', job: message.job, code, message: text } satisfies ToMain);
  }
});
