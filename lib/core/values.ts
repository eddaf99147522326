import type { Path } from './path.ts';

/** 24 hexadecimal digits, as Girder's ObjectIds. An item's id and its file's id differ. */
export type EntryId = string;
export type UserId = string;
/** Opaque name of immutable bytes; in the file store the lower-case hex SHA-512. */
export type BlobRef = string;
export type StageId = string;
/** `urn:uuid:…` (RFC 4918 §6.5). */
export type LockToken = string;

/**
 * Names one state of an entry: of a file its content, of a folder everything at or below it. It is the strong
 * ETag without its quotes: equal versions at one address mean equal bytes. Never `absent` or `present`.
 */
export type Version = string;

/** What a change expects to find: that version, nothing at all, or anything at all. */
export type Expect = Version | 'absent' | 'present';

/** Bytes in one piece or in many. A chunk belongs to its reader only until it asks for the next. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** Bytes; no `length`: to the end. */
export interface ByteRange {
  readonly offset: number;
  readonly length?: number;
}

/** openat(2): names from a folder's id, or from the root of the workspace. */
export interface Address {
  readonly from?: EntryId;
  readonly path: Path;
}

/** Dead properties: Clark name `{namespace}local` to the property's XML, self-contained. */
export type Props = Readonly<Record<string, string>>;

/** Algorithm, lower-case (`sha1`, `md5`, `sha256`, `sha512`), to lower-case hex. */
export type Checksums = Readonly<Record<string, string>>;

export interface Entry {
  readonly id: EntryId;
  /** null for the root of a home and for the folders above homes. */
  readonly parent: EntryId | null;
  /** The root folder of the home, whose journal and quota the entry belongs to. */
  readonly home: EntryId;
  readonly kind: 'folder' | 'file';
  readonly name: string;
  readonly version: Version;
  /** Bytes; 0 for folders. */
  readonly size: number;
  /** Milliseconds since 1970, UTC. */
  readonly created: number;
  /** Milliseconds since 1970, UTC: of the content, or what a client set. */
  readonly modified: number;
  readonly creator: UserId;
  /** POSIX permission bits where someone set them (only 0o111 means anything to WebDAV). */
  readonly mode: number | null;
  /** Media type where it was told, else null: then the name decides, the content never. */
  readonly mime: string | null;
  readonly props: Props | null;
  readonly checksums: Checksums | null;
}

/** A run of bytes of a blob; `ref: null` is a hole of zeros. */
export interface Extent {
  readonly ref: BlobRef | null;
  readonly offset: number;
  readonly length: number;
}

/** What an entry's bytes are made of, in order. `body`: the whole of it, where the catalog still keeps it. */
export interface Layout {
  readonly version: Version;
  readonly size: number;
  readonly extents: readonly Extent[];
  readonly body?: Uint8Array;
}

/** Attributes and dead properties to change, in one step. */
export interface Annotation {
  readonly set?: Props;
  readonly remove?: readonly string[];
  readonly created?: number;
  readonly modified?: number;
  readonly mode?: number;
  readonly mime?: string;
  readonly checksums?: Checksums;
}

export type Durability = 'stored' | 'durable';

export interface Lock {
  readonly token: LockToken;
  readonly home: EntryId;
  readonly entry: EntryId;
  readonly depth: 0 | 'infinity';
  readonly scope: 'exclusive' | 'shared';
  /** The owner element's inner XML as the client gave it; empty where it gave none. */
  readonly owner: string;
  readonly by: UserId;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** One committed change of a home, in the order of `seq` (dense, from 1). */
export interface JournalRecord {
  readonly seq: number;
  readonly at: number;
  readonly by: UserId;
  readonly op: 'put' | 'mkdir' | 'move' | 'copy' | 'remove' | 'annotate' | 'restore';
  readonly entry: EntryId;
  readonly kind: 'folder' | 'file';
  readonly parent: EntryId;
  readonly name: string;
  /** `move` only: where it was. */
  readonly oldParent: EntryId | null;
  readonly oldName: string | null;
}

export interface User {
  readonly id: UserId;
  readonly login: string;
  readonly email: string | null;
  readonly firstName: string;
  readonly lastName: string;
  readonly admin: boolean;
  readonly status: 'enabled' | 'disabled';
  readonly created: number;
  /** Root folder of the home. */
  readonly home: EntryId;
  /** Bytes; null: no limit. */
  readonly quota: number | null;
  /** Set by `user remove`: from then on the account is out, and the sweep after this time takes its data. */
  readonly removeAfter: number | null;
}

/**
 * What lets somebody in, and can be listed and revoked. `password`: an app password or access token,
 * `<id>_<secret>`, of which only a keyed hash is kept. `ticket`: the same, good once. `mount`: the record behind
 * signed credentials (JWT) that bear its id as their `jti`; it has no secret, and an empty hash. `download`: the
 * same behind a signed URL of one file.
 */
export interface TokenRecord {
  readonly id: string;
  readonly kind: 'password' | 'ticket' | 'mount' | 'download';
  /** HMAC-SHA-256 of the secret, 32 bytes; empty where there is none. */
  readonly hash: Uint8Array;
  readonly user: UserId;
  readonly name: string;
  readonly write: boolean;
  /** Limits the token to this entry and what is below it, wherever it is moved. */
  readonly root: EntryId | null;
  readonly created: number;
  readonly expires: number | null;
  readonly lastUsed: number | null;
}

/** An account elsewhere that is a user's: OpenID Connect's `iss` and `sub`, or a name that plays their part. */
export interface Link {
  readonly issuer: string;
  readonly subject: string;
  readonly user: UserId;
  readonly created: number;
}

/** Who asks, as a checked credential says. */
export interface Principal {
  readonly user: UserId;
  readonly login: string;
  readonly admin: boolean;
  readonly home: EntryId;
  readonly write: boolean;
  readonly root: EntryId | null;
  /** Names the credential in logs; not a secret. */
  readonly credential: string;
  /** Whoever issued the credential cannot be asked just now, and said so before: good for reads alone. */
  readonly stale?: boolean;
}

/** Bytes of a home. `used` has the trash in it, `trashed` is that part. */
export interface Usage {
  readonly used: number;
  readonly trashed: number;
  readonly quota: number | null;
}

export interface TrashRecord {
  readonly entry: Entry;
  readonly removed: number;
  readonly by: UserId;
  readonly parent: EntryId;
  readonly name: string;
  /** Bytes below it; null until the sweep has counted. */
  readonly size: number | null;
}

/** An upload that is under way, so that it can go on after a restart. */
export interface UploadRecord {
  readonly id: string;
  readonly user: UserId;
  readonly parent: EntryId;
  readonly name: string;
  readonly stage: StageId;
  /** Bytes announced, null where unknown. */
  readonly size: number | null;
  readonly created: number;
  readonly expires: number;
}

export interface Blob {
  readonly ref: BlobRef;
  readonly size: number;
  readonly checksums: Checksums;
}
