/** Documents as Girder 3 and 5 write them; what is ours alone stands under `hearth`, never with an id in it. */
import { Long, ObjectId } from 'mongodb';
import type { Checksums } from '../../core/values.ts';

export interface Access {
  readonly users: readonly {
    readonly id: ObjectId;
    readonly level: number;
    readonly flags: readonly string[];
  }[];
  readonly groups?: readonly unknown[];
}

/** What folders and items have in common. `baseParent`: whose tree it is. */
interface Node {
  readonly _id: ObjectId;
  readonly name: string;
  readonly lowerName: string;
  readonly description: string;
  readonly baseParentType: 'user' | 'collection';
  readonly baseParentId: ObjectId;
  readonly creatorId: ObjectId | null;
  readonly created: Date;
  readonly updated: Date;
  /** Bytes, a Long: of an item its files, of a folder its items alone. */
  readonly size: number | Long;
  readonly meta: Readonly<Record<string, unknown>>;
}

export interface FolderDoc extends Node {
  readonly parentCollection: 'user' | 'collection' | 'folder';
  readonly parentId: ObjectId;
  readonly public: boolean;
  readonly access: Access;
  readonly hearth?: FolderOwn;
}

/** `rev`: the change of the home that wrote this last, so that an old one cannot write it again. */
interface Own {
  readonly rev?: number;
  readonly mode?: number;
  /** Dead properties as JSON, since their names are no names of fields. */
  readonly props?: string;
}

export interface FolderOwn extends Own {
  /** Sequence of the last settled change at or below the folder. */
  readonly tree?: number;
}

export interface ItemDoc extends Node {
  readonly folderId: ObjectId;
  readonly hearth?: ItemOwn;
}

/** What a listing needs of the item's one file stands here, so that it needs no second look. */
export interface ItemOwn extends Own {
  readonly version: string;
  readonly mime: string | null;
  readonly checksums?: Checksums;
  /** Extents of the content; 1 where it is one blob. */
  readonly parts: number;
  /** Milliseconds since 1970: of the content's last change. */
  readonly changed: number;
}

export interface FileDoc {
  readonly _id: ObjectId;
  readonly itemId: ObjectId | null;
  readonly attachedToType?: string;
  readonly attachedToId?: ObjectId;
  readonly name: string;
  readonly exts: readonly string[];
  readonly mimeType: string | null;
  readonly size: number | Long;
  readonly creatorId: ObjectId | null;
  readonly created: Date;
  readonly updated?: Date;
  readonly assetstoreId: ObjectId | null;
  readonly sha512: string | null;
  readonly path: string | null;
  readonly hearth?: { readonly rev?: number; readonly extents?: readonly ExtentDoc[] };
}

export interface ExtentDoc {
  readonly ref: string | null;
  readonly offset: number | Long;
  readonly length: number | Long;
}

export interface UserDoc {
  readonly _id: ObjectId;
  readonly login: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly salt: string | null;
  readonly created: Date;
  readonly emailVerified: boolean;
  readonly status: 'enabled' | 'pending' | 'disabled';
  readonly admin: boolean;
  readonly public: boolean;
  readonly size: number | Long;
  readonly groups: readonly ObjectId[];
  readonly groupInvites: readonly unknown[];
  readonly access: Access;
  readonly quota?: { readonly fileSizeQuota: number | Long | null; readonly useQuotaDefault?: boolean };
  readonly hearth?: { readonly removeAfter?: number };
}

/** Hazard 1: a number above 2³¹ that is no Long comes back from Girder as a float, and its downloads fail. */
export const long = (bytes: number): Long => Long.fromNumber(bytes);

export const objectId = (hex: string): ObjectId => new ObjectId(hex);

/** `file.exts`: lower-case, all that follows the first dot, split at the dots. */
export const extsOf = (name: string): readonly string[] => name.toLowerCase().split('.').slice(1);

/** Where Girder's filesystem assetstore keeps a blob. */
export const pathOfBlob = (sha512: string): string => `${sha512.slice(0, 2)}/${sha512.slice(2, 4)}/${sha512}`;

/** Level 2 (ADMIN) for the owner, as Girder gives it to who creates a folder. */
export const ownedBy = (user: ObjectId): Access => ({
  users: [{ id: user, level: 2, flags: [] }],
  groups: [],
});
