/** `WWW-Authenticate`: what a client is told when its credential is missing, bad or too small. */
import { credentialOf } from './authenticate.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface Asked {
  readonly headers: Headers;
  /** URL of the description of this server for OAuth clients (RFC 9728 §5.1), where it is known. */
  readonly resourceMetadata?: () => string | undefined;
  /** An API, whose clients know Bearer; else a place that is mounted. */
  readonly api?: boolean;
}

const basic = 'Basic realm="Hearth", charset="UTF-8"';

/** Basic first: WebDAV clients take the first they see, and most know no other (RFC 7617 §2.1). */
export function challengesFor(asked: Asked): readonly string[] {
  const bad = credentialOf(asked.headers)?.kind === 'token';
  const bearer = bearerChallenge(asked, bad ? ['error="invalid_token"'] : []);
  return asked.api === true || scripted(asked.headers) ? [bearer] : [basic, bearer];
}

/** RFC 6750 §3.1: who asks is known, and may not do this with this credential. */
export function insufficientScope(asked: Asked, scope: string): string {
  return bearerChallenge(asked, ['error="insufficient_scope"', `scope="${scope}"`]);
}

function bearerChallenge(asked: Asked, more: readonly string[]): string {
  const url = asked.resourceMetadata?.();
  const metadata = url === undefined ? [] : [`resource_metadata="${url}"`];
  return `Bearer ${['realm="Hearth"', ...more, ...metadata].join(', ')}`;
}

const loads: ReadonlySet<unknown> = new Set(['cors', 'same-origin', 'no-cors']);

/** A page asks, not a person: a Basic challenge would open the browser's own dialog over it. */
function scripted(headers: Headers): boolean {
  const { 'sec-fetch-mode': mode, 'x-requested-with': by } = headers;
  return loads.has(mode) || (typeof by === 'string' && by.toLowerCase() === 'xmlhttprequest');
}
