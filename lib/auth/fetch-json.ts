import { StoreError } from '../core/error.ts';

export type Fetch = typeof globalThis.fetch;
export type Claims = Readonly<Record<string, unknown>>;

export interface JsonReply {
  readonly status: number;
  /** Undefined where the body is no JSON object. */
  readonly body: Claims | undefined;
}

export interface JsonClientOptions {
  readonly fetch?: Fetch;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number;
  /** Bytes of a reply. */
  readonly most?: number;
}

/** One question to a platform: bounded in time and size, and never sent on to where a redirect points. */
export type JsonClient = (url: string, init?: RequestInit) => Promise<JsonReply>;

const usualTimeout = 5_000;
const usualMost = 262_144;

/** Throws `unavailable` where there is no answer; the message names the host, never what was sent. */
export function jsonClient(options: JsonClientOptions = {}): JsonClient {
  const { fetch = globalThis.fetch, timeout = usualTimeout, most = usualMost } = options;
  return async (url, init = {}) => {
    const { host } = new URL(url);
    try {
      const response = await fetch(url, {
        ...init,
        headers: { accept: 'application/json', 'user-agent': 'hearth', ...init.headers },
        redirect: 'error',
        signal: AbortSignal.timeout(timeout),
      });
      return { status: response.status, body: objectIn(await textOf(response, most)) };
    } catch (cause) {
      throw noAnswer(host, cause);
    }
  };
}

export function noAnswer(host: string, cause?: unknown): StoreError {
  const message = `${host} does not answer, so that its tokens cannot be checked now; try again.`;
  return new StoreError('unavailable', { op: 'authenticate', message, cause });
}

async function textOf(response: Response, most: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > most) throw new StoreError('too-large', { message: `A reply of more than ${most} bytes.` });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function objectIn(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isClaims(value) ? value : undefined;
  } catch {
    // Whoever asked decides what a reply that is no JSON means.
    return undefined;
  }
}

export const isClaims = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
