import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { ToMain, ToWorker } from './digest.ts';

/** Writes and hashes staged files: the bytes come in shared memory, only small messages go to and fro. */
const port = parentPort;
if (port === null) throw new Error('the digester runs in a worker thread');

interface Job {
  readonly fd: number;
  readonly slots: readonly Uint8Array[];
  readonly hashes: ReadonlyMap<string, Hash>;
  size: number;
}

const jobs = new Map<number, Job>();

function begin(message: Extract<ToWorker, { op: 'begin' }>): ToMain {
  const fd = openSync(message.path, message.resume ? 'r+' : 'wx+', 0o600);
  const hashes = new Map(message.digests.map((name) => [name, createHash(name)]));
  const { memory, slotSize } = message;
  const slots = Array.from(
    { length: memory.byteLength / slotSize },
    (_, n) => new Uint8Array(memory, n * slotSize, slotSize),
  );
  const job: Job = { fd, slots, hashes, size: 0 };
  jobs.set(message.job, job);
  if (message.resume) rehash(job);
  return { op: 'begun', job: message.job, size: job.size };
}

/** What a stage held before a restart: hashed anew, from the file. */
function rehash(job: Job): void {
  const { size } = fstatSync(job.fd);
  const buffer = Buffer.allocUnsafe(1_048_576);
  while (job.size < size) {
    const read = readSync(job.fd, buffer, 0, buffer.length, job.size);
    if (read === 0) break;
    for (const hash of job.hashes.values()) hash.update(buffer.subarray(0, read));
    job.size += read;
  }
}

function write(message: Extract<ToWorker, { op: 'write' }>, job: Job): ToMain {
  const bytes = (job.slots[message.slot] as Uint8Array).subarray(0, message.length);
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(job.fd, bytes, done, bytes.length - done, job.size + done);
  }
  for (const hash of job.hashes.values()) hash.update(bytes);
  job.size += bytes.length;
  return { op: 'written', job: message.job, slot: message.slot };
}

function finish(message: Extract<ToWorker, { op: 'finish' }>, job: Job): ToMain {
  if (message.durable) fdatasyncSync(job.fd);
  closeSync(job.fd);
  jobs.delete(message.job);
  const digests = Object.fromEntries([...job.hashes].map(([name, hash]) => [name, hash.digest('hex')]));
  return { op: 'finished', job: message.job, size: job.size, digests };
}

function handle(message: ToWorker): ToMain {
  if (message.op === 'begin') return begin(message);
  const job = jobs.get(message.job);
  if (job === undefined)
    return { op: 'failed', job: message.job, code: 'EBADF', message: 'the stage is closed' };
  if (message.op === 'write') return write(message, job);
  if (message.op === 'finish') return finish(message, job);
  closeSync(job.fd);
  jobs.delete(message.job);
  return { op: 'dropped', job: message.job };
}

port.on('message', (message: ToWorker) => {
  try {
    port.postMessage(handle(message));
  } catch (error) {
    const { code = '', message: text } = error as NodeJS.ErrnoException;
    port.postMessage({ op: 'failed', job: message.job, code, message: text } satisfies ToMain);
  }
});
