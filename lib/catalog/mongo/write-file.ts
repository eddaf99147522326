import type { Document } from 'mongodb';
import type { Change, FileDraft, Splice, Written } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Entry, EntryId, Extent } from '../../core/values.ts';
import { joined, lengthOf, spliced } from '../extents.ts';
import { contentOf, existingContent, pinWrites } from './contents.ts';
import { extsOf, type FileDoc, long, objectId } from './documents.ts';
import { checkExpect, checkGeneration, dropLocks, membersChanged, record } from './guard.ts';
import { account } from './quota.ts';
import { filled, type Row } from './rows.ts';
import { foreign, type View } from './view.ts';

/** Ids for what a change makes; a file of Girder's has two. */
export interface NewIds {
  readonly id: EntryId;
  readonly file: EntryId;
}

/** Extents that a file may have before it must be compacted. */
const extentsMost = 4096;

function keepBody(view: View, extents: readonly Extent[], body: Uint8Array | undefined): void {
  const ref = extents.find((extent) => extent.ref !== null)?.ref;
  if (body !== undefined && ref != null) view.bodies.push({ ref, body });
}

function tooMany(): StoreError {
  const message =
    'The file is in too many pieces; wait until it is made whole in the background, and try again.';
  return new StoreError('unavailable', { op: 'catalog.splice', message });
}

export async function put(view: View, draft: FileDraft, change: Change, ids: NewIds): Promise<Written> {
  const op = 'catalog.put';
  const { row: parent, line } = await view.liveFolder(draft.parent, op);
  checkGeneration(view, change, op);
  const old = await view.child(parent.id, draft.name);
  if (old?.kind === 'folder') throw new StoreError('is-folder', { op });
  checkExpect(view, old, change.expect, op);
  const extents = joined(draft.extents);
  if (extents.length > extentsMost) throw tooMany();
  const pins = old !== undefined && old.parts > 1 ? (await existingContent(view, old)).pins : [];
  await account(view, draft.size - (old?.size ?? 0), op);
  keepBody(view, extents, draft.body);
  const row = rowOf(draft, change, { parent, old, id: ids.id, parts: extents.length });
  if (old === undefined) create(view, row, change, { file: ids.file, extents });
  else overwrite(view, row, change, { extents, pins });
  view.put(row);
  record(view, change, { op: 'put', entry: row.id, kind: 'file', parent: parent.id, name: row.name }, line);
  if (old === undefined) membersChanged(view, change, parent);
  await dropLocks(view, change);
  return { entry: view.entry(row), created: old === undefined };
}

interface Around {
  readonly parent: Row;
  readonly old: Row | undefined;
  readonly id: EntryId;
  readonly parts: number;
}

/** A new content under the old id: rights, properties and time of creation stay; the type is told anew. */
function rowOf(draft: FileDraft, change: Change, { parent, old, id, parts }: Around): Row {
  return {
    id: old?.id ?? id,
    parent: parent.id,
    kind: 'file',
    name: old?.name ?? draft.name,
    stored: old?.stored ?? draft.name,
    version: draft.version,
    tree: 0,
    size: draft.size,
    created: draft.created ?? old?.created ?? change.now,
    modified: draft.modified,
    creator: old?.creator ?? change.by,
    mode: draft.mode ?? old?.mode ?? null,
    mime: draft.mime ?? null,
    props: old?.props ?? null,
    checksums: filled(draft.checksums),
    parts,
    changed: change.now,
  };
}

/** What of a row stands under `hearth`. */
export function ownOf(row: Row): Document {
  const { version, mime, mode, props, checksums, parts, changed } = row;
  return {
    ...{ version, mime, parts, changed },
    ...(mode === null ? {} : { mode }),
    ...(props === null ? {} : { props: JSON.stringify(props) }),
    ...(checksums === null ? {} : { checksums }),
  };
}

interface NewContent {
  readonly file: EntryId;
  readonly extents: readonly Extent[];
}

function create(view: View, row: Row, change: Change, { file, extents }: NewContent): void {
  const [id, user] = [objectId(row.id), objectId(view.home.user)];
  const created = new Date(row.created);
  const creatorId = objectId(change.by);
  view.writes.push({
    on: 'item',
    id,
    insert: {
      ...{
        name: row.name,
        lowerName: row.name.toLowerCase(),
        description: '',
        folderId: objectId(row.parent),
      },
      ...{ baseParentType: 'user', baseParentId: user, creatorId, created, updated: new Date(row.modified) },
      ...{ size: long(row.size), meta: {}, hearth: ownOf(row) },
    },
  });
  view.writes.push({
    on: 'file',
    id: objectId(file),
    insert: {
      ...{ name: row.name, exts: extsOf(row.name), mimeType: row.mime, size: long(row.size), itemId: id },
      ...{ creatorId, created, ...contentOf(view.store, row.size, extents) },
    },
  });
  pinWrites(view, row, extents, []);
}

interface Replaced {
  readonly extents: readonly Extent[];
  /** Of the old content. */
  readonly pins: readonly FileDoc[];
}

function overwrite(view: View, row: Row, change: Change, replaced: Replaced): void {
  view.writes.push({
    on: 'item',
    id: objectId(row.id),
    set: {
      ...{ created: new Date(row.created), updated: new Date(row.modified), size: long(row.size) },
      hearth: ownOf(row),
    },
  });
  replaceContent(view, row, change, replaced);
}

/** The file keeps its id and name. */
function replaceContent(view: View, row: Row, change: Change, { extents, pins }: Replaced): void {
  const content = contentOf(view.store, row.size, extents);
  const { hearth, ...fields } = content;
  const set = {
    ...{ mimeType: row.mime, size: long(row.size), updated: new Date(change.now), ...fields },
    ...(hearth === undefined ? {} : { 'hearth.extents': hearth.extents }),
  };
  view.writes.push({
    on: 'file',
    ofItem: objectId(row.id),
    set,
    unset: hearth === undefined ? ['hearth.extents'] : [],
  });
  pinWrites(view, row, extents, pins);
}

export async function splice(view: View, id: EntryId, piece: Splice, change: Change): Promise<Entry> {
  const op = 'catalog.splice';
  const { row: old, line } = await view.live(id, op);
  if (old.kind === 'folder') throw new StoreError('is-folder', { op });
  if (old.foreign === true) throw foreign(op);
  checkGeneration(view, change, op);
  checkExpect(view, old, change.expect, op);
  const content = await existingContent(view, old);
  const offset = piece.offset === 'append' ? old.size : piece.offset;
  const extents = spliced(content.extents, offset, piece.extents, piece.size);
  if (extents.length > extentsMost) throw tooMany();
  const size = lengthOf(extents);
  await account(view, size - old.size, op);
  keepBody(view, piece.extents, piece.body);
  const { version, modified } = piece;
  const row: Row = {
    ...old,
    ...{ version, modified, size, checksums: null, parts: extents.length, changed: change.now },
  };
  view.writes.push({
    on: 'item',
    id: objectId(id),
    set: { updated: new Date(modified), size: long(size), hearth: ownOf(row) },
  });
  replaceContent(view, row, change, { extents, pins: content.pins });
  view.put(row);
  record(view, change, { op: 'put', entry: id, kind: 'file', parent: old.parent, name: old.name }, line);
  await dropLocks(view, change);
  return view.entry(row);
}
