/**
 * The contracts of Hearth. A back end is one file (or folder) that passes the suite of its contract in
 * `tests/conformance/`. Every failure is a `StoreError`. Times are milliseconds since 1970, sizes bytes.
 */
import type {
  Address,
  Annotation,
  Blob,
  BlobRef,
  Body,
  ByteRange,
  Checksums,
  Durability,
  Entry,
  EntryId,
  Expect,
  Extent,
  JournalRecord,
  Layout,
  Link,
  Lock,
  LockToken,
  Principal,
  Props,
  StageId,
  TokenRecord,
  TrashRecord,
  UploadRecord,
  Usage,
  User,
  UserId,
  Version,
} from './values.ts';

export type Clock = () => number;
/** Mints ids: 24 hex digits, never the same twice, in any process. */
export type Ids = () => EntryId;

/* ── Workspace: the one tree, as one Principal may see it ───────────────────────────────────────────── */

export interface Workspaces {
  open(who: Principal): Workspace;
}

/** Conditions of a change: `If-Match`, `Overwrite: F`, MKCOL and O_EXCL are one mechanism (`expect`). */
export interface Guard {
  readonly expect?: Expect;
  /** Of a move or copy: what the source is expected to be; `expect` is about the destination. */
  readonly source?: Expect;
  /** Lock tokens that the caller submits. */
  readonly tokens?: readonly LockToken[];
  readonly durability?: Durability;
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends Guard {
  /** Announced length: checked against the quota before the body and against the body after it. */
  readonly size?: number;
  readonly modified?: number;
  readonly mime?: string;
  readonly mode?: number;
  /** Verified while streaming and kept; a mismatch is `invalid` and changes nothing. */
  readonly checksums?: Checksums;
}

export interface Content {
  readonly entry: Entry;
  readonly body: Body;
}

export interface Written {
  readonly entry: Entry;
  /** False where something was replaced. */
  readonly created: boolean;
}

export interface LockRequest {
  readonly depth: 0 | 'infinity';
  readonly scope: 'exclusive' | 'shared';
  readonly owner: string;
  /** Milliseconds from now. */
  readonly timeout: number;
  readonly tokens?: readonly LockToken[];
}

export interface Tree {
  stat(at: Address): Promise<Entry>;
  /** Pages in order of name (by UTF-8 bytes), small first; `after`: names greater than it. */
  list(at: Address, after?: string): AsyncIterable<readonly Entry[]>;
  /** `range` must lie within the content (`invalid` if it does not); the entry is the one whose bytes follow. */
  read(at: Address, range?: ByteRange): Promise<Content>;
}

/**
 * The tree below a root that holds `home`. Everything an address meets is authorised; locks, quota and journal
 * apply whichever door calls. A failed change changes nothing.
 */
export interface Workspace extends Tree {
  readonly principal: Principal;
  /** Checks a `write` as far as that is possible before its body: rights, parent, locks, expectation, quota. */
  check(at: Address, options?: WriteOptions): Promise<void>;
  write(at: Address, body: Body, options?: WriteOptions): Promise<Written>;
  /** Writes bytes into a file at `offset` (`append`: at its end; beyond the end: a hole of zeros between). */
  patch(at: Address, offset: number | 'append', body: Body, guard?: WriteOptions): Promise<Entry>;
  /** Cuts or extends (with a hole) to `size`. */
  truncate(at: Address, size: number, guard?: Guard): Promise<Entry>;
  /** `props` are set in the same step (RFC 5689). */
  mkdir(at: Address, guard?: Guard & { readonly props?: Props }): Promise<Entry>;
  /** `expect` is about the destination; an existing one is replaced, never merged. */
  move(from: Address, to: Address, guard?: Guard): Promise<Written>;
  /** `shallow`: a folder without its members (`Depth: 0`). */
  copy(from: Address, to: Address, guard?: Guard & { readonly shallow?: boolean }): Promise<Written>;
  remove(at: Address, guard?: Guard): Promise<void>;
  annotate(at: Address, annotation: Annotation, guard?: Guard): Promise<Entry>;
  usage(): Promise<Usage>;

  /** Locks whose scope covers the address (which may not exist yet), with the path of each lock's root. */
  locks(at: Address): Promise<readonly HeldLock[]>;
  /** Locks at entries below a folder and at itself, for a listing with `lockdiscovery`. */
  locksBelow(at: Address): Promise<ReadonlyMap<EntryId, readonly HeldLock[]>>;
  /** An address without an entry gets an empty file (RFC 4918 §9.10.4): `created` tells. */
  lock(at: Address, request: LockRequest): Promise<{ readonly lock: HeldLock; readonly created: boolean }>;
  refresh(at: Address, token: LockToken, timeout: number): Promise<HeldLock>;
  unlock(at: Address, token: LockToken): Promise<void>;

  /** Changes of the home after `since`, in order; `stale` where the journal no longer reaches that far back. */
  changes(since: number, limit: number): Promise<readonly JournalRecord[]>;
  trash(): Promise<readonly TrashRecord[]>;
  /** Puts a removed tree back, where it was or at `to`. */
  restore(entry: EntryId, to?: Address): Promise<Entry>;
}

export interface HeldLock extends Lock {
  /** Where the lock's root is now. */
  readonly path: readonly string[];
}

/* ── Catalog: names and metadata ────────────────────────────────────────────────────────────────────── */

/** What every change carries. Each call is one transaction that also appends to the journal of the home. */
export interface Change {
  readonly by: UserId;
  readonly now: number;
  readonly durability: Durability;
  readonly expect?: Expect;
  /** `move` and `copy` only. */
  readonly source?: Expect;
  /** `Locks.held(home).generation` that the caller's lock check rests on; another one by now: `conflict`. */
  readonly lockGeneration?: number;
  /** Locks that end with this change. */
  readonly drop?: readonly LockToken[];
}

export interface Place {
  readonly parent: EntryId;
  readonly name: string;
}

export interface FileDraft extends Place {
  readonly version: Version;
  readonly size: number;
  readonly extents: readonly Extent[];
  /** A small whole content that is not in the blob store yet; `extents` names it by its future ref. */
  readonly body?: Uint8Array;
  readonly created?: number;
  readonly modified: number;
  readonly mime?: string;
  readonly mode?: number;
  readonly checksums?: Checksums;
}

export interface FolderDraft extends Place {
  readonly props?: Props;
  readonly created?: number;
  readonly modified: number;
}

/** New bytes for a part of a file; the extents between stay. `size`: cut or extend to it afterwards. */
export interface Splice {
  readonly version: Version;
  readonly modified: number;
  readonly offset: number | 'append';
  readonly extents: readonly Extent[];
  readonly body?: Uint8Array;
  readonly size?: number;
}

/** `chain` runs from the root of the home to the deepest entry found; `missing` are the names after it. */
export interface Resolved {
  readonly chain: readonly Entry[];
  readonly missing: readonly string[];
}

/**
 * Entries by id and by (parent, name). A name is unique in its folder, whatever the kind. Removed trees are
 * unreachable at once (every read and change below them is `not-found`) and kept as trash until swept.
 */
export interface Catalog {
  entry(id: EntryId): Promise<Entry | undefined>;
  /**
   * Follows names from a folder. Undefined where `from` is gone. Stops at a file (then `missing` is not empty).
   * A name is looked up in each of its `spellings`. The last of the chain has its tree version.
   */
  resolve(from: EntryId, names: readonly string[]): Promise<Resolved | undefined>;
  /** Pages in order of name; folders have their tree versions. Ends early and quietly when the folder goes. */
  children(parent: EntryId, after?: string): AsyncIterable<readonly Entry[]>;
  layout(id: EntryId): Promise<Layout | undefined>;
  /** Bytes that wait in the catalog for the blob store, by ref. */
  body(ref: BlobRef): Promise<Uint8Array | undefined>;

  put(draft: FileDraft, change: Change): Promise<Written>;
  mkdir(draft: FolderDraft, change: Change): Promise<Entry>;
  splice(id: EntryId, splice: Splice, change: Change): Promise<Entry>;
  /** Over an existing name: replaces it (its tree goes to the trash). Below itself: `invalid`. */
  move(id: EntryId, to: Place, change: Change): Promise<Written>;
  /** Rows, not bytes. Into itself: `invalid`. */
  copy(id: EntryId, to: Place, change: Change & { readonly shallow?: boolean }): Promise<Written>;
  remove(id: EntryId, change: Change): Promise<void>;
  annotate(id: EntryId, annotation: Annotation, change: Change): Promise<Entry>;
  /** Other extents for the same bytes: refused as `conflict` when the version is no longer this one. */
  compact(id: EntryId, version: Version, extents: readonly Extent[]): Promise<void>;

  usage(home: EntryId): Promise<Usage>;
  /** `stale` when records after `since` were dropped already. */
  changes(home: EntryId, since: number, limit: number): Promise<readonly JournalRecord[]>;

  trash(home: EntryId): Promise<readonly TrashRecord[]>;
  restore(id: EntryId, to: Place | undefined, change: Change): Promise<Entry>;

  readonly upkeep: CatalogUpkeep;
  readonly locks: Locks;
  readonly accounts: Accounts;
  readonly uploads: Uploads;
  close(): Promise<void>;
}

/** Background work and repair; every call is bounded and can be repeated. */
export interface CatalogUpkeep {
  /** Removes up to `limit` rows of trash that is older than `before` (of one home, where named); the number removed. */
  sweep(before: number, limit: number, home?: EntryId): Promise<number>;
  /** Which of these refs any content (live, trash, upload) uses. */
  referenced(refs: readonly BlobRef[]): Promise<ReadonlySet<BlobRef>>;
  /** Every content, in pages, for `fsck` and compaction. */
  layouts(after?: EntryId): AsyncIterable<readonly { readonly entry: Entry; readonly layout: Layout }[]>;
  /** Files of more than `extents` extents, oldest change first, unchanged since `before`. */
  fragmented(extents: number, before: number, limit: number): Promise<readonly EntryId[]>;
  /** Bodies that wait in the catalog, at most `limit`, oldest first. */
  waiting(limit: number): Promise<readonly { readonly ref: BlobRef; readonly body: Uint8Array }[]>;
  /** How many bodies wait, or somewhat more; 0 only when none does. */
  backlog(): Promise<number>;
  /** They are in the blob store now (durable there). */
  arrived(refs: readonly BlobRef[]): Promise<void>;
  /** Drops journal records and expired locks, uploads and tokens. */
  expire(now: number, journalBefore: number): Promise<void>;
  /** Counts anew what can be counted (usage, tree versions); returns what it mended, a line each. */
  repair(): Promise<readonly string[]>;
  /** A consistent copy, while others write. */
  backup(target: string): Promise<void>;
}

/** Kept by the catalog, so that a change and the locks it rests on meet in one transaction. */
export interface Locks {
  /** All unexpired locks of a home. The generation changes whenever a lock of the home comes or goes. */
  held(home: EntryId, now: number): Promise<{ readonly generation: number; readonly locks: readonly Lock[] }>;
  /** `conflict` when the generation is another by now. */
  create(lock: Lock, generation: number, now: number): Promise<void>;
  /** The same token, a new expiry; undefined where the lock is gone. */
  refresh(token: LockToken, expires: number, now: number): Promise<Lock | undefined>;
  /** False where it was gone already. */
  release(token: LockToken, now: number): Promise<boolean>;
}

export interface Accounts {
  user(login: string): Promise<User | undefined>;
  userById(id: UserId): Promise<User | undefined>;
  users(after?: string): AsyncIterable<readonly User[]>;
  /** Makes the user and the root folder of the home; `exists` where the login, or the id, is taken. */
  createUser(user: Omit<User, 'home'>): Promise<User>;
  updateUser(
    id: UserId,
    patch: Partial<
      Pick<User, 'quota' | 'status' | 'admin' | 'email' | 'removeAfter' | 'firstName' | 'lastName'>
    >,
  ): Promise<User>;
  /** Takes the user, tokens, home and trash away for good. */
  eraseUser(id: UserId): Promise<void>;

  /**
   * The record and its user in one look-up; undefined when revoked. Expiry is the caller's to check. What another
   * process has changed may take up to half a second to show.
   */
  token(id: string): Promise<{ readonly token: TokenRecord; readonly user: User } | undefined>;
  tokens(user: UserId): Promise<readonly TokenRecord[]>;
  createToken(token: TokenRecord): Promise<void>;
  revokeToken(id: string): Promise<boolean>;
  touchToken(id: string, now: number): Promise<void>;
  /** Moves the end of a token; false where it is gone. */
  extendToken(id: string, expires: number): Promise<boolean>;

  /** The user whose account elsewhere this is. */
  linked(issuer: string, subject: string): Promise<User | undefined>;
  /** `exists` where that account is linked already, whoever's it is; `not-found` where the user is gone. */
  link(link: Link): Promise<void>;
  links(user: UserId): Promise<readonly Link[]>;
  unlink(issuer: string, subject: string): Promise<boolean>;

  /** Credentials that a Girder keeps in the same database; absent where there is none. */
  readonly girder?: GirderCredentials;

  /** Small values of the installation, Girder's `setting`. */
  setting(key: string): Promise<string | undefined>;
  putSetting(key: string, value: string): Promise<void>;
}

/** What one of Girder's credentials says; `scope`: Girder's names (`core.user_auth`, `core.data.read`). */
export interface GirderCredential {
  readonly user: User;
  /** Names it in logs; not a secret. */
  readonly id: string;
  /** null: all of the user's rights. */
  readonly scope: readonly string[] | null;
  /** Milliseconds since 1970; null: never. */
  readonly expires: number | null;
}

export interface GirderCredentials {
  /** A session token (`token._id`), in one look-up. */
  token(secret: string): Promise<GirderCredential | undefined>;
  /** An active API key (`api_key.key`), in one look-up; nothing is minted for it. */
  apiKey(key: string): Promise<GirderCredential | undefined>;
}

export interface Uploads {
  create(upload: UploadRecord): Promise<void>;
  get(id: string): Promise<UploadRecord | undefined>;
  list(user: UserId): Promise<readonly UploadRecord[]>;
  remove(id: string): Promise<void>;
}

/* ── BlobStore: bytes ───────────────────────────────────────────────────────────────────────────────── */

export interface BlobStore {
  /** A new stage, or the one of that id with what it holds already (`not-found` if it is gone). */
  stage(options?: { readonly id?: StageId; readonly digests?: readonly string[] }): Promise<Staged>;
  /** Small bytes in one step. */
  putSmall(bytes: Uint8Array, durability: Durability): Promise<Blob>;
  /** Many small contents at once, durable when it returns; the refs are known to be right. */
  putMany(bodies: readonly { readonly ref: BlobRef; readonly body: Uint8Array }[]): Promise<void>;
  /** The ref that these bytes have, or will have, in this store. */
  refOf(bytes: Uint8Array): BlobRef;
  open(ref: BlobRef, range?: ByteRange): Promise<Body>;
  /** Absent is fine. Removes only what was there before `unless.youngerThan`, whatever happens meanwhile. */
  remove(ref: BlobRef, unless: { readonly youngerThan: number }): Promise<boolean>;
  /** In order of ref, pages; `created`: of the last commit with these bytes. */
  list(after?: BlobRef): AsyncIterable<readonly BlobInfo[]>;
  /** Reads it all; false when size or hash are not what the ref says, `not-found` when it is not there. */
  verify(ref: BlobRef, size?: number): Promise<boolean>;
  /** Makes the blobs committed as `stored` durable. */
  sync(refs: readonly BlobRef[]): Promise<void>;
  /** Removes stages untouched since `before`, but for those named; the number removed. */
  sweepStages(before: number, keep: ReadonlySet<StageId>): Promise<number>;
  /** Free bytes, where the store can tell. */
  free(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface BlobInfo {
  readonly ref: BlobRef;
  readonly size: number;
  readonly created: number;
}

/** Unreadable until committed; survives the process. */
export interface Staged {
  readonly id: StageId;
  /** Bytes it holds. */
  readonly offset: number;
  /** Appends; on a failure of the body keeps what came, so that it can be resumed. Returns the new offset. */
  append(body: Body, signal?: AbortSignal): Promise<number>;
  /** Publishes. The digests asked for at `stage`, and `sha512`, are in the blob's checksums. */
  commit(durability: Durability): Promise<Blob>;
  abort(): Promise<void>;
}

/* ── Authenticator ──────────────────────────────────────────────────────────────────────────────────── */

/** A credential as it came, whichever header brought it. */
export type Credential =
  | { readonly kind: 'basic'; readonly login: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

export interface Authenticator {
  /** Undefined: not my kind, ask the next. Throws `unauthenticated`: mine, and not good. */
  authenticate(credential: Credential, now: number): Promise<Principal | undefined>;
}
