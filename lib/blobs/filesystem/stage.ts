import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Staged } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Blob, Body, StageId } from '../../core/values.ts';
import { type Digesters, failure, type ToMain, type ToWorker } from './digest.ts';
import { asStoreError, guarded, publish, tempOf } from './files.ts';

/** Bytes that are written and hashed in one go, and how many such may be under way. */
const slotSize = 1_048_576;
const slots = 8;

export interface StageOptions {
  readonly root: string;
  readonly id: StageId;
  readonly resume: boolean;
  readonly digests: readonly string[];
  readonly digesters: Digesters;
}

/** A file in `temp/`. Its bytes go through shared memory, and are written and hashed at the same time, off this thread. */
export async function openStage(options: StageOptions): Promise<Staged> {
  const { root, id, resume, digesters } = options;
  const path = join(tempOf(root), id);
  const file = await guarded('stage', () => open(path, resume ? 'r+' : 'wx+', 0o600));
  const slots = new Slots(file);
  const channel = digesters.start((message) => slots.receive(message));
  const { job } = channel;
  slots.send = channel.send;
  slots.job = job;
  let closed = false;

  async function end(): Promise<void> {
    closed = true;
    channel.end();
    await file.close();
  }

  const digests = [...new Set(['sha512', ...options.digests])];
  const { memory } = slots;
  const begun = await slots.ask({
    op: 'begin',
    job,
    resume: resume ? path : undefined,
    digests,
    memory,
    slotSize,
  });
  if (begun.op !== 'begun') {
    await end();
    throw slots.broken ?? new StoreError('internal', { op: 'blobs.stage' });
  }
  slots.offset = begun.size;

  function mustBeOpen(): void {
    if (closed) throw new StoreError('invalid', { op: 'blobs.stage', message: 'The stage is closed.' });
  }

  return {
    id,
    get offset() {
      return slots.offset;
    },
    append: async (body, signal) => {
      mustBeOpen();
      return append(slots, body, signal);
    },
    commit: async (durability): Promise<Blob> => {
      mustBeOpen();
      const finished = await slots.ask({ op: 'finish', job });
      try {
        if (finished.op !== 'finished')
          throw slots.broken ?? new StoreError('internal', { op: 'blobs.commit' });
        const durable = durability === 'durable';
        if (durable) await guarded('commit', () => file.datasync());
        const ref = finished.digests.sha512 as string;
        await guarded('commit', () => publish(root, path, ref, durable));
        return { ref, size: slots.offset, checksums: finished.digests };
      } finally {
        await end();
      }
    },
    abort: async () => {
      if (!closed) {
        await slots.ask({ op: 'drop', job });
        await end();
      }
      await rm(path, { force: true });
    },
  };
}

/** Fills slot after slot; when it returns or throws, what came is in the file. */
async function append(slots: Slots, body: Body, signal?: AbortSignal): Promise<number> {
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      signal?.throwIfAborted();
      for (let at = 0; at < chunk.length; ) {
        if (slots.full) await slots.next();
        at += slots.fill(chunk.subarray(at));
      }
    }
  } finally {
    slots.flush();
    await slots.settled();
  }
  if (slots.broken !== undefined) throw slots.broken;
  return slots.offset;
}

/** The shared memory between the stream, the disk and the hashing thread. */
class Slots {
  readonly memory = new SharedArrayBuffer(slotSize * slots);
  /** Bytes handed on so far. */
  offset = 0;
  broken: StoreError | undefined;
  send: (message: ToWorker) => void = () => undefined;
  job = 0;
  private readonly file: FileHandle;
  private readonly views = Array.from(
    { length: slots },
    (_, n) => new Uint8Array(this.memory, n * slotSize, slotSize),
  );
  /** How many (disk, hash) still need each slot. */
  private readonly busy = Array.from({ length: slots }, () => 0);
  private current = 0;
  private filled = 0;
  private written: Promise<void> = Promise.resolve();
  private wake: (() => void) | undefined;
  private answer: ((message: ToMain) => void) | undefined;

  constructor(file: FileHandle) {
    this.file = file;
  }

  get full(): boolean {
    return (this.busy[this.current] as number) > 0;
  }

  /** Takes what fits into the current slot; the number of bytes taken. */
  fill(bytes: Uint8Array): number {
    const part = bytes.subarray(0, slotSize - this.filled);
    (this.views[this.current] as Uint8Array).set(part, this.filled);
    this.filled += part.length;
    if (this.filled === slotSize) this.flush();
    return part.length;
  }

  /** Hands the current slot to disk and hash, and turns to the next. */
  flush(): void {
    if (this.filled === 0 || this.broken !== undefined) return;
    const slot = this.current;
    const length = this.filled;
    this.busy[slot] = 2;
    this.send({ op: 'hash', job: this.job, slot, length });
    const bytes = (this.views[slot] as Uint8Array).subarray(0, length);
    const { offset } = this;
    // One after the other: two writes of one file would wait for its lock in the kernel, spinning.
    this.written = this.written
      .then(() => write(this.file, bytes, offset))
      .then(
        () => this.done(slot),
        (error: unknown) => this.fail(asStoreError(error, 'stage')),
      );
    this.offset += length;
    this.filled = 0;
    this.current = (slot + 1) % slots;
  }

  /** Waits until the current slot is free. */
  async next(): Promise<void> {
    await this.until(() => !this.full);
    if (this.broken !== undefined) throw this.broken;
  }

  settled(): Promise<void> {
    return this.until(() => this.busy.every((users) => users === 0));
  }

  private async until(met: () => boolean): Promise<void> {
    while (!met() && this.broken === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private done(slot: number): void {
    this.busy[slot] = (this.busy[slot] as number) - 1;
    this.wake?.();
  }

  private fail(error: StoreError): void {
    this.broken ??= error;
    this.wake?.();
  }

  ask(message: ToWorker): Promise<ToMain> {
    const { promise, resolve } = Promise.withResolvers<ToMain>();
    this.answer = resolve;
    this.send(message);
    return promise;
  }

  receive(message: ToMain): void {
    if (message.op === 'hashed') {
      this.done(message.slot);
      return;
    }
    if (message.op === 'failed') this.fail(asStoreError(failure(message), 'stage'));
    this.answer?.(message);
  }
}

async function write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
