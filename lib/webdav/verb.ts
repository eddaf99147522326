import type { Workspace } from '../core/contracts.ts';
import type { Path } from '../core/path.ts';
import type { Version } from '../core/values.ts';

/** Header names in lower case, as Node gives them; repeated ones joined by `, `. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** One request as a verb sees it: no Koa, no socket. */
export interface DavRequest {
  readonly method: string;
  /** Path in the workspace that the URL names: `/homes/ada/x/y` is `home/x/y`. */
  readonly path: Path;
  /** True when the URL ended in a slash. */
  readonly slash: boolean;
  readonly headers: Headers;
  readonly workspace: Workspace;
  /** Body as it comes; asking for its first chunk answers `Expect: 100-continue`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Content-Length where there is one; null where the body is chunked; 0 where there is no body. */
  readonly length: number | null;
  readonly now: number;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  readonly urls: Urls;
}

/** Turns paths of the workspace into hrefs and back; the only knowledge of prefixes and origins. */
export interface Urls {
  /** Absolute path, percent-encoded in upper case, `/` at the end for folders: `/homes/ada/a%20b/`. */
  href(path: readonly string[], folder: boolean): string;
  /**
   * A `Destination` or a tagged `If` resource: absolute URI or absolute path. `foreign`: another server or
   * another prefix (502); throws `invalid` for what is no URI or holds a bad name.
   */
  parse(reference: string): { readonly path: Path; readonly slash: boolean } | 'foreign';
  /** Href of the principal resource of the caller, for `current-user-principal` and `owner`. */
  readonly principal: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Text is UTF-8. An iterable is streamed; if it fails the connection is destroyed, never ended well. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array | string>;
}

export type Verb = (request: DavRequest) => Promise<Reply>;

/** The quoted form of a version. */
export const etag = (version: Version): string => `"${version}"`;
