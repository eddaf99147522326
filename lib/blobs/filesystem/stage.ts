import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Staged } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Blob, Body, StageId } from '../../core/values.ts';
import { type Digesters, failure, type ToMain } from './digest.ts';
import { asStoreError, publish, tempOf } from './files.ts';

/** Bytes that go to the thread in one message, and how many such may be under way. */
const slotSize = 1_048_576;
const slots = 4;

export interface StageOptions {
  readonly root: string;
  readonly id: StageId;
  readonly resume: boolean;
  readonly digests: readonly string[];
  readonly digesters: Digesters;
}

/** A file in `temp/`, written and hashed by a thread of the pool, fed through shared memory. */
export async function openStage(options: StageOptions): Promise<Staged> {
  const { root, id, digesters } = options;
  const path = join(tempOf(root), id);
  const memory = new SharedArrayBuffer(slotSize * slots);
  const views = Array.from({ length: slots }, (_, n) => new Uint8Array(memory, n * slotSize, slotSize));
  const free = views.map((_, n) => n);
  let broken: StoreError | undefined;
  let wake: (() => void) | undefined;
  let answer: ((message: ToMain) => void) | undefined;
  let offset = 0;
  let open = true;

  const channel = digesters.start((message) => {
    if (message.op === 'written') free.push(message.slot);
    else if (message.op === 'failed') broken ??= asStoreError(failure(message), 'stage');
    if (message.op !== 'written') answer?.(message);
    wake?.();
  });
  const { job } = channel;

  /** Waits for a slot, or for all of them. */
  async function room(wanted: number): Promise<void> {
    while (free.length < wanted && broken === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (broken !== undefined) throw broken;
  }

  function ask(message: Parameters<typeof channel.send>[0]): Promise<ToMain> {
    const { promise, resolve } = Promise.withResolvers<ToMain>();
    answer = resolve;
    channel.send(message);
    return promise;
  }

  function end(): void {
    open = false;
    channel.end();
  }

  const { resume } = options;
  const digests = [...new Set(['sha512', ...options.digests])];
  const begun = await ask({ op: 'begin', job, path, resume, digests, memory, slotSize });
  if (begun.op !== 'begun') {
    end();
    throw broken ?? new StoreError('internal', { op: 'blobs.stage' });
  }
  offset = begun.size;

  function mustBeOpen(): void {
    if (!open) throw new StoreError('invalid', { op: 'blobs.stage', message: 'The stage is closed.' });
  }

  async function append(body: Body, signal?: AbortSignal): Promise<number> {
    mustBeOpen();
    let slot = -1;
    let filled = 0;
    const flush = () => {
      if (slot !== -1 && filled > 0) {
        channel.send({ op: 'write', job, slot, length: filled });
        offset += filled;
      } else if (slot !== -1) free.push(slot);
      slot = -1;
      filled = 0;
    };
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        signal?.throwIfAborted();
        for (let at = 0; at < chunk.length; ) {
          if (slot === -1) {
            await room(1);
            slot = free.pop() as number;
          }
          const part = chunk.subarray(at, at + slotSize - filled);
          (views[slot] as Uint8Array).set(part, filled);
          filled += part.length;
          at += part.length;
          if (filled === slotSize) flush();
        }
      }
    } finally {
      flush();
      if (broken === undefined) await room(slots);
    }
    if (broken !== undefined) throw broken;
    return offset;
  }

  async function commit(durability: 'stored' | 'durable'): Promise<Blob> {
    mustBeOpen();
    const durable = durability === 'durable';
    const finished = await ask({ op: 'finish', job, durable });
    end();
    if (finished.op !== 'finished') throw broken ?? new StoreError('internal', { op: 'blobs.commit' });
    const ref = finished.digests.sha512 as string;
    try {
      await publish(root, path, ref, durable);
    } catch (error) {
      throw asStoreError(error, 'commit');
    }
    return { ref, size: finished.size, checksums: finished.digests };
  }

  return {
    id,
    get offset() {
      return offset;
    },
    append,
    commit,
    abort: async () => {
      if (open) {
        const gone = ask({ op: 'drop', job });
        await gone;
        end();
      }
      await rm(path, { force: true });
    },
  };
}
