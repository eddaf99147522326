import type { IncomingMessage, ServerResponse } from 'node:http';
import { StoreError } from '../core/error.ts';
import { HttpError } from './errors.ts';
import { systemTimers, type Timers, type Watchdog, watchdog } from './watchdog.ts';

export interface StallOptions {
  /** Milliseconds without progress after which the other side is given up. */
  readonly stall?: number;
  readonly timers?: Timers;
}

export const usualStall = 60_000;

/** Chunks from this size on are given back by hand. */
const releasable = 16_384;

/**
 * The body of a request, chunk by chunk. Asking for the first chunk answers `Expect: 100-continue` (the server has to
 * hand such requests to its listener: `server.on('checkContinue', listener)`). Leaving early leaves the connection
 * intact; what is unread then is the business of `send`. Throws `aborted`: the client went away, or (408) stalled.
 */
export class RequestBody implements AsyncIterableIterator<Uint8Array> {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stall: StallOptions;
  /** Content-Length; null where it is not known before; 0 where there is no body. */
  readonly length: number | null;
  #dog: Watchdog | undefined;
  #wake: (() => void) | undefined;
  #done = false;
  /** Bytes handed on. */
  #received = 0;
  #last: Uint8Array | undefined;
  /** The client waits for `100 Continue`. */
  expects: boolean;
  /** It stopped coming. */
  stalled = false;

  constructor(request: IncomingMessage, response: ServerResponse, stall: StallOptions = {}) {
    this.#request = request;
    this.#response = response;
    this.#stall = stall;
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    this.length = coding !== undefined ? null : length === undefined ? 0 : Number(length);
    this.expects = request.headers.expect?.toLowerCase() === '100-continue';
  }

  /** True when nothing of it is left to be read. Node tells of the end later than of the last byte. */
  get over(): boolean {
    if (this.#received === this.length) return true;
    return this.#request.complete && this.#request.readableLength === 0;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.expects) {
      this.expects = false;
      this.#response.writeContinue();
    }
    this.#release();
    while (!this.#done && this.#received !== this.length) {
      const chunk: Uint8Array | null = this.#request.read();
      if (chunk !== null) {
        this.#received += chunk.length;
        this.#last = chunk;
        return { done: false, value: chunk };
      }
      if (this.over) break;
      if (this.stalled) throw this.#leave(stalled());
      if (this.#request.destroyed) throw this.#leave(aborted());
      await this.#more();
    }
    this.#leave();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#leave();
    return { done: true, value: undefined };
  }

  async #more(): Promise<void> {
    if (this.#dog === undefined) this.#listen();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#dog?.waiting();
    await promise;
    this.#dog?.moved();
  }

  #listen(): void {
    const { stall = usualStall, timers = systemTimers } = this.#stall;
    this.#dog = watchdog(stall, timers, () => {
      this.stalled = true;
      this.#wake?.();
    });
    for (const event of events) this.#request.on(event, this.#ring);
  }

  /** What was read goes back at once; left to the collector, it would pile up by the tens of MiB. */
  #release(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last !== undefined && last.length >= releasable && last.length === last.buffer.byteLength)
      (last.buffer as ArrayBuffer).transfer(0);
  }

  readonly #ring = (): void => this.#wake?.();

  #leave<T>(reason?: T): T | undefined {
    this.#release();
    this.#done = true;
    if (this.#dog !== undefined) {
      this.#dog.stop();
      for (const event of events) this.#request.off(event, this.#ring);
    }
    return reason;
  }
}

const events = ['readable', 'end', 'close', 'error'] as const;

const stalled = () =>
  new HttpError(408, 'aborted', 'The body stopped coming; nothing was changed. Send it again.');
const aborted = () =>
  new StoreError('aborted', { message: 'The connection ended before the body did; nothing was changed.' });
