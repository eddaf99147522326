import { StoreError } from '../core/error.ts';

export type Fetch = typeof globalThis.fetch;

export interface AskOptions {
  /** Names the other side in messages: `The JupyterHub https://hub.example.org`. */
  readonly who: string;
  /** Milliseconds until the whole answer must be there. */
  readonly timeout?: number;
  /** Bytes of an answer, unpacked. */
  readonly most?: number;
  readonly fetch?: Fetch;
}

export interface Answer {
  readonly status: number;
  /** Of a 2xx that is JSON; undefined of others. */
  readonly body: unknown;
}

/**
 * Asks another service about a credential. Throws `unavailable` for anything but an answer or a plain refusal (4xx).
 * Redirects are not followed: they would carry the credential elsewhere. No secret is in its errors.
 */
export type Ask = (url: string, init?: RequestInit) => Promise<Answer>;

const usualTimeout = 5_000;
const usualMost = 1_048_576;

export function asker(options: AskOptions): Ask {
  const { who, timeout = usualTimeout, most = usualMost, fetch = globalThis.fetch } = options;
  return async (url, init = {}) => {
    const request: RequestInit = {
      ...init,
      headers: { accept: 'application/json', 'user-agent': 'hearth', ...init.headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    };
    try {
      const response = await fetch(url, request).catch((error: unknown) => {
        // An idle connection that the other side closed meanwhile: once more, on another one.
        if (init.method === undefined && closed(error)) return fetch(url, request);
        throw error;
      });
      const { status } = response;
      if (status >= 200 && status < 300) return { status, body: jsonIn(await textOf(response, most)) };
      await response.body?.cancel();
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        return { status, body: undefined };
      }
      throw new Error(`it answered with status ${status}`);
    } catch (cause) {
      throw unanswered(who, cause);
    }
  };
}

/** What is said where the other side does not answer, or not as it should. */
export function unanswered(who: string, cause?: unknown): StoreError {
  const message = `${who} cannot be asked about this credential just now; try again shortly.`;
  return new StoreError('unavailable', { op: 'authenticate', message, cause });
}

/** Whether it was waited for the whole time; other failures are quick. */
export const timedOut = (error: StoreError): boolean =>
  error.cause instanceof Error && error.cause.name === 'TimeoutError';

function closed(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    cause instanceof Error && 'code' in cause && ['ECONNRESET', 'UND_ERR_SOCKET'].includes(`${cause.code}`)
  );
}

async function textOf(response: Response, most: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > most) throw new Error(`its answer is longer than ${most} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever asked decides what that means; the parser's own message quotes the answer, which may hold a token.
    return undefined;
  }
}
