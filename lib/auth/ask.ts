import { StoreError } from '../core/error.ts';

export interface Question {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form by POST; without one it is a GET. */
  readonly form?: Readonly<Record<string, string>>;
  /** Milliseconds until the whole answer must be there. */
  readonly timeout: number;
  /** Names the other side in messages: `The JupyterHub https://hub.example.org`. */
  readonly who: string;
}

export interface Answer {
  readonly status: number;
  /** Of a 2xx; undefined of others. */
  readonly body: unknown;
}

/** Bytes of an answer, unpacked. */
const answerMax = 1_048_576;

/**
 * Asks another service about a credential. Throws `unavailable` for anything but a JSON answer or a plain refusal (4xx).
 * Redirects are not followed: they would carry the credential elsewhere. No secret is in its errors.
 */
export async function ask(question: Question): Promise<Answer> {
  const { url, headers = {}, form, timeout, who } = question;
  const request: RequestInit = {
    headers: { accept: 'application/json', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  };
  try {
    const response = await fetch(url, request).catch((error: unknown) => {
      // An idle connection that the other side closed meanwhile: once more, on another one.
      if (form === undefined && closed(error)) return fetch(url, request);
      throw error;
    });
    const { status } = response;
    if (status >= 200 && status < 300) return { status, body: await json(response) };
    await response.body?.cancel();
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { status, body: undefined };
    throw new Error(`it answered with status ${status}`);
  } catch (cause) {
    throw unavailable(who, cause);
  }
}

/** What is said where the other side answers, but not as it should. */
export function unavailable(who: string, cause?: unknown): StoreError {
  const message = `${who} cannot be asked about this credential just now; try again shortly.`;
  return new StoreError('unavailable', { op: 'authenticate', message, cause });
}

function closed(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    cause instanceof Error && 'code' in cause && ['ECONNRESET', 'UND_ERR_SOCKET'].includes(`${cause.code}`)
  );
}

async function json(response: Response): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > answerMax) throw new Error(`its answer is longer than ${answerMax} bytes`);
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the answer, which may hold a token.
    throw new Error('its answer is not JSON');
  }
}
