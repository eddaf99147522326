export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number | readonly string[]>>;
  /** Text is UTF-8. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array | string>;
}
