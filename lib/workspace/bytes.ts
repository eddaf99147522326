import { createHash, hash } from 'node:crypto';
import type { WriteOptions } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Body, Checksums, Durability, Extent, Version } from '../core/values.ts';
import type { Context } from './context.ts';

/** Bytes that are safe and hashed, and not yet part of any file. */
export interface Prepared {
  readonly size: number;
  readonly version: Version;
  readonly extents: readonly Extent[];
  /** Set where they go into the catalog with the change itself. */
  readonly body?: Uint8Array;
  readonly checksums: Checksums;
}

/** 128 bits of the content's SHA-512: equal versions are equal bytes. */
export const versionOf = (sha512: string): Version => sha512.slice(0, 32);

const algorithms: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256', 'sha512']);

/** Stages a body, or takes it along when it is small; verifies length and checksums. Publishes nothing. */
export async function prepare(
  context: Context,
  body: Body,
  options: WriteOptions,
  op: string,
): Promise<Prepared> {
  for (const name of Object.keys(options.checksums ?? {})) {
    if (!algorithms.has(name)) {
      throw new StoreError('invalid', {
        op,
        message: `Checksums by ${name} are not known; use sha1, md5 or sha256.`,
      });
    }
  }
  const durability = options.durability ?? context.durability;
  if (body instanceof Uint8Array) {
    return body.length <= context.inlineLimit
      ? inline(context, body, options, op)
      : staged(context, [body], [], options, durability, op);
  }
  const iterator = body[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  try {
    let size = 0;
    while ((options.size ?? 0) <= context.inlineLimit && size <= context.inlineLimit) {
      const next = await iterator.next();
      if (next.done === true) return inline(context, Buffer.concat(head, size), options, op);
      head.push(Uint8Array.from(next.value));
      size += next.value.length;
      if (options.size !== undefined && size > options.size) throw wrongLength(options.size, size, op);
    }
    const rest = { [Symbol.asyncIterator]: () => iterator };
    return await staged(context, head, rest, options, durability, op);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

function inline(context: Context, body: Uint8Array, options: WriteOptions, op: string): Prepared {
  checkLength(options.size, body.length, op);
  for (const [name, expected] of Object.entries(options.checksums ?? {})) {
    verify(name, expected, createHash(name).update(body).digest('hex'), op);
  }
  const ref = context.blobs.refOf(body);
  const version = versionOf(hash('sha512', body));
  const extents = body.length === 0 ? [] : [{ ref, offset: 0, length: body.length }];
  return {
    size: body.length,
    version,
    extents,
    checksums: options.checksums ?? {},
    ...(body.length === 0 ? {} : { body }),
  };
}

async function staged(
  context: Context,
  head: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  options: WriteOptions,
  durability: Durability,
  op: string,
): Promise<Prepared> {
  const stage = await context.blobs.stage({ digests: Object.keys(options.checksums ?? {}) });
  try {
    await stage.append(bounded(head, rest, options.size, op), options.signal);
    checkLength(options.size, stage.offset, op);
    // A blob is named by what it holds, so one that is not what was announced is an orphan, never a wrong file.
    const blob = await stage.commit(durability);
    for (const [name, expected] of Object.entries(options.checksums ?? {})) {
      verify(name, expected, blob.checksums[name] ?? '', op);
    }
    return {
      size: blob.size,
      version: versionOf(blob.checksums.sha512 ?? blob.ref),
      extents: [{ ref: blob.ref, offset: 0, length: blob.size }],
      checksums: options.checksums ?? {},
    };
  } catch (error) {
    await stage.abort();
    throw error;
  }
}

/** The announced length is also the most that is taken. */
async function* bounded(
  head: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  limit: number | undefined,
  op: string,
): AsyncIterable<Uint8Array> {
  let size = 0;
  for (const part of [head, rest]) {
    for await (const chunk of part) {
      size += chunk.length;
      if (limit !== undefined && size > limit) throw wrongLength(limit, size, op);
      yield chunk;
    }
  }
}

function checkLength(announced: number | undefined, size: number, op: string): void {
  if (announced !== undefined && announced !== size) throw wrongLength(announced, size, op);
}

function wrongLength(announced: number, size: number, op: string): StoreError {
  const message = `The body was announced with ${announced} bytes and came with ${size}; nothing was changed.`;
  return new StoreError('invalid', { op, message });
}

function verify(name: string, expected: string, actual: string, op: string): void {
  if (expected.toLowerCase() === actual) return;
  const message = `The ${name} checksum is ${actual}, not ${expected} as announced; nothing was changed. Send it again.`;
  throw new StoreError('invalid', { op, message });
}
