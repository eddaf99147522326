import type { Accounts } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Entry, EntryId, Principal, Version } from '../core/values.ts';
import { mayEnter, principalOf } from './credential.ts';
import { sign, verify } from './signed.ts';
import type { SigningKeys } from './signing-keys.ts';
import { newTokenText } from './token-text.ts';

export interface SignedDownloadOptions {
  readonly accounts: Pick<Accounts, 'token' | 'createToken'>;
  readonly keys: SigningKeys;
}

/** One file that a signature opens for reading, for some minutes. */
export interface SignedDownload {
  readonly principal: Principal;
  readonly entry: EntryId;
  /** The one version that it is about, where it was made for one. */
  readonly version: Version | undefined;
}

export interface DownloadRequest {
  readonly user: string;
  readonly entry: Pick<Entry, 'id' | 'name'>;
  readonly version?: Version;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface SignedDownloads {
  issue(request: DownloadRequest, now: number): Promise<{ readonly signature: string; readonly id: string }>;
  /** `place`: entry and name as the URL has them. Throws `denied`: a link that is bad, or has ended. */
  open(signature: string, place: Pick<Entry, 'id' | 'name'>, now: number): Promise<SignedDownload>;
}

/** Signed URLs: each has a record, so that it is listed, and dies when that is revoked or its user is out. */
export function signedDownloads({ accounts, keys }: SignedDownloadOptions): SignedDownloads {
  return {
    async issue({ user, entry, version, expires }, now) {
      const { id } = newTokenText();
      const more = { entry: entry.id, name: entry.name, ...(version === undefined ? {} : { version }) };
      const signature = await sign(keys, 'download', { id, user, expires, more }, now);
      const record = { id, kind: 'download', hash: new Uint8Array(0), user, write: false } as const;
      const times = { created: now, expires, lastUsed: null };
      await accounts.createToken({ ...record, ...times, name: entry.name, root: entry.id });
      return { signature, id };
    },
    async open(signature, place, now) {
      const signed = await verify(keys, 'download', signature, { now }).catch((cause: unknown) => {
        throw isBad(cause) ? ended(cause) : cause;
      });
      const { entry, name, version } = signed.more;
      if (entry !== place.id || name !== place.name) throw ended();
      const found = await accounts.token(signed.id);
      if (found === undefined || found.token.kind !== 'download' || found.user.id !== signed.user)
        throw ended();
      if ((found.token.expires ?? 0) <= now || !mayEnter(found.user)) throw ended();
      const principal = principalOf(found.user, { ...found.token, write: false, root: place.id });
      return { principal, entry: place.id, version: typeof version === 'string' ? version : undefined };
    },
  };
}

const isBad = (error: unknown): boolean => error instanceof StoreError && error.code === 'unauthenticated';

/** 403 and not 401: whoever follows a link has nothing to sign in with. */
const ended = (cause?: unknown): StoreError =>
  new StoreError('denied', {
    op: 'download',
    message: 'This link is not valid, or has ended; ask for a new one.',
    cause,
  });
