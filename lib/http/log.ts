import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';

export interface Access {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Milliseconds until the last byte was handed on. */
  readonly ms: number;
  /** Of the body of the reply. */
  readonly bytes: number;
  readonly user?: string | undefined;
  /** Names the credential; not a secret. */
  readonly credential?: string | undefined;
}

const urlMax = 1_024;

/** Without its query, which may hold a token. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > urlMax ? `${path.slice(0, urlMax)}…` : path;
}

/** One line for each request. */
export function accessLog(log: Logger): (access: Access) => void {
  return ({ url, ms, ...rest }) =>
    log.info({ ...rest, path: pathOf(url), ms: Math.round(ms * 100) / 100 }, 'request');
}

/** Headers that hold a credential, or the token of a lock; proxies add some of their own. */
const secret = /^if$|auth|cookie|credential|key|passw|secret|session|signature|token/;

const urls: ReadonlySet<string> = new Set([
  'destination',
  'referer',
  'x-original-uri',
  'x-original-url',
  'x-forwarded-uri',
  'x-rewrite-url',
]);

/** For a line about a failure: without credentials and lock tokens, and URLs without their queries. */
export function loggable(headers: IncomingHttpHeaders): Record<string, string | string[] | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (secret.test(name)) return [name, '[redacted]'];
      return [name, urls.has(name) && typeof value === 'string' ? pathOf(value) : value];
    }),
  );
}
