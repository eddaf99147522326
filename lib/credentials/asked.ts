import type { IncomingMessage } from 'node:http';
import type { MountCredentials } from '../auth/mount-credential.ts';
import type { MountTickets } from '../auth/mount-ticket.ts';
import type { SignedDownloads } from '../auth/signed-download.ts';
import type { Accounts, Authenticator, Catalog, Workspaces } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Principal } from '../core/values.ts';
import { authenticate } from '../http/authenticate.ts';
import type { Seen } from '../http/door.ts';
import type { HttpReply } from '../http/reply.ts';

/** What the verbs stand on. */
export interface Desk {
  readonly workspaces: Workspaces;
  readonly authenticator: Authenticator;
  readonly accounts: Pick<Accounts, 'token' | 'tokens' | 'revokeToken'>;
  readonly resolve: Catalog['resolve'];
  readonly tickets: MountTickets;
  readonly mounts: MountCredentials;
  readonly downloads: SignedDownloads;
  /** Milliseconds: of a link whose maker does not say. */
  readonly downloadLifetime: number;
  /** URLs of the issuers whose tokens are accepted, for OAuth clients. */
  readonly issuers: readonly string[];
}

/** One request as a verb sees it. */
export interface Asked {
  readonly desk: Desk;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  /** What the path says after the noun, decoded. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
  readonly body: AsyncIterable<Uint8Array> & { readonly length: number | null };
  readonly now: number;
  readonly seen: Seen;
  /** Under which the client knows this server; undefined: it gave no host. */
  readonly origin: () => string | undefined;
}

export type Answer = (asked: Asked) => Promise<HttpReply>;

/** Who makes or revokes credentials: somebody who is sure, since what is made lasts longer than an old answer. */
export async function principalOf({ desk, headers, now, seen }: Asked): Promise<Principal> {
  const principal = await authenticate(headers, desk.authenticator, now);
  seen.principal = principal;
  if (principal.stale === true) {
    const message =
      'Whoever issued this credential cannot be asked just now; until then nothing is made from it.';
    throw new StoreError('unavailable', { op: 'authenticate', message });
  }
  return principal;
}

export function json(status: number, value: unknown): HttpReply {
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: `${JSON.stringify(value)}\n`,
  };
}
