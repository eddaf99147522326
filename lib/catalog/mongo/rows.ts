import type { Document } from 'mongodb';
import type { Checksums, Entry, EntryId, Props, Version } from '../../core/values.ts';
import type { FileDoc, FolderDoc, ItemDoc } from './documents.ts';
import { shownName } from './names.ts';

/** An entry as the documents have it, whichever they are. */
export interface Row {
  readonly id: EntryId;
  /** '' above the topmost folders. */
  readonly parent: EntryId;
  readonly kind: 'folder' | 'file';
  readonly name: string;
  /** As Girder has it; another than `name` where that had to be escaped. */
  readonly stored: string;
  /** Of a file; a folder's depends on the home. */
  readonly version: Version;
  readonly tree: number;
  readonly size: number;
  readonly created: number;
  readonly modified: number;
  readonly creator: string;
  readonly mode: number | null;
  readonly mime: string | null;
  readonly props: Props | null;
  readonly checksums: Checksums | null;
  readonly parts: number;
  readonly changed: number;
  /** Seen as a folder or a file, and an item of several files (or none), or one of those files: only Girder changes it. */
  readonly foreign?: true;
}

const parsed = (text: string | undefined): Props | null =>
  text === undefined ? null : (JSON.parse(text) as Props);

/** null rather than an empty object. */
export const filled = <T extends object>(values: T | null | undefined): T | null =>
  values == null || Object.keys(values).length === 0 ? null : values;

export function folderRow(doc: FolderDoc): Row {
  const { hearth = {} } = doc;
  return {
    id: doc._id.toHexString(),
    parent: doc.parentCollection === 'folder' ? doc.parentId.toHexString() : '',
    kind: 'folder',
    name: shownName(doc.name),
    stored: doc.name,
    version: '',
    tree: hearth.tree ?? 0,
    size: 0,
    created: doc.created.getTime(),
    modified: doc.updated.getTime(),
    creator: doc.creatorId?.toHexString() ?? '',
    mode: hearth.mode ?? null,
    mime: null,
    props: parsed(hearth.props),
    checksums: null,
    parts: 0,
    changed: 0,
  };
}

const common = (doc: ItemDoc) => ({
  id: doc._id.toHexString(),
  parent: doc.folderId.toHexString(),
  name: shownName(doc.name),
  stored: doc.name,
  tree: 0,
  created: doc.created.getTime(),
  modified: doc.updated.getTime(),
  creator: doc.creatorId?.toHexString() ?? '',
  mode: doc.hearth?.mode ?? null,
  props: parsed(doc.hearth?.props),
});

/** An item is its one file; with none or several it is a folder. `files`: needed where Girder made the item. */
export function itemRow(doc: ItemDoc, files: readonly FileDoc[] = []): Row {
  const own = doc.hearth;
  if (own?.version !== undefined) {
    const { version, mime, checksums = null, parts, changed } = own;
    return { ...common(doc), kind: 'file', version, size: Number(doc.size), mime, checksums, parts, changed };
  }
  const [file] = files;
  if (file === undefined || files.length !== 1) {
    const none = { version: '', size: 0, mime: null, checksums: null, parts: 0, changed: 0 };
    return { ...common(doc), kind: 'folder', ...none, foreign: true };
  }
  return { ...common(doc), kind: 'file', ...contentOf(file) };
}

/** Equal versions are equal bytes: Girder's own files are known by their hash, or else by their last change. */
function contentOf(file: FileDoc) {
  const changed = (file.updated ?? file.created).getTime();
  const version = file.sha512?.slice(0, 32) ?? `g${file._id.toHexString()}-${changed.toString(36)}`;
  const checksums = file.sha512 === null ? null : { sha512: file.sha512 };
  return { version, size: Number(file.size), mime: file.mimeType, checksums, parts: 1, changed };
}

/** One of the files of an item that is a folder. */
export function memberRow(file: FileDoc): Row {
  return {
    id: file._id.toHexString(),
    parent: file.itemId?.toHexString() ?? '',
    kind: 'file',
    name: shownName(file.name),
    stored: file.name,
    tree: 0,
    created: file.created.getTime(),
    modified: (file.updated ?? file.created).getTime(),
    creator: file.creatorId?.toHexString() ?? '',
    mode: null,
    props: null,
    ...contentOf(file),
    foreign: true,
  };
}

/** `version`: of a folder, as its home knows it. `root`: the row is the home's own folder. */
export function toEntry(row: Row, home: EntryId, version: (id: EntryId, tree: number) => Version): Entry {
  const { id, kind, size, created, modified, creator, mode, mime, props, checksums } = row;
  return {
    id,
    parent: id === home ? null : row.parent,
    home,
    kind,
    name: row.name,
    version: kind === 'file' ? row.version : version(id, row.tree),
    ...{ size, created, modified, creator, mode, mime, props, checksums },
  };
}

/** Of an item, for what only reads its row. */
export const rowFields: Document = { description: 0, meta: 0, access: 0, lowerName: 0 };
