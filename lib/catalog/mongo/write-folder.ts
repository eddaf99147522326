import type { Document } from 'mongodb';
import type { Change, FolderDraft } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Annotation, Entry, EntryId, Props } from '../../core/values.ts';
import { long, objectId, ownedBy } from './documents.ts';
import { checkExpect, checkGeneration, dropLocks, membersChanged, record } from './guard.ts';
import { filled, type Row } from './rows.ts';
import { foreign, type View } from './view.ts';
import { ownOf } from './write-file.ts';

export async function mkdir(view: View, draft: FolderDraft, change: Change, id: EntryId): Promise<Entry> {
  const op = 'catalog.mkdir';
  const { row: parent, line } = await view.liveFolder(draft.parent, op);
  checkGeneration(view, change, op);
  if ((await view.child(parent.id, draft.name)) !== undefined) throw new StoreError('exists', { op });
  if (change.expect !== 'absent') checkExpect(view, undefined, change.expect, op);
  const seq = record(
    view,
    change,
    { op: 'mkdir', entry: id, kind: 'folder', parent: parent.id, name: draft.name },
    line,
  );
  const row: Row = {
    ...{
      id,
      parent: parent.id,
      kind: 'folder',
      name: draft.name,
      stored: draft.name,
      version: '',
      tree: seq,
    },
    ...{ size: 0, created: draft.created ?? change.now, modified: draft.modified, creator: change.by },
    ...{ mode: null, mime: null, props: filled(draft.props), checksums: null, parts: 0, changed: 0 },
  };
  view.writes.push({ on: 'folder', id: objectId(id), insert: folderDoc(row, view.home.user) });
  view.put(row);
  membersChanged(view, change, parent);
  await dropLocks(view, change);
  return view.entry(row);
}

/** A private folder of the home's owner, below another folder. */
export function folderDoc(row: Row, user: string): Document {
  const owner = objectId(user);
  return {
    ...{ name: row.stored, lowerName: row.stored.toLowerCase(), description: '' },
    ...{
      parentCollection: 'folder',
      parentId: objectId(row.parent),
      baseParentType: 'user',
      baseParentId: owner,
    },
    ...{ creatorId: row.creator === '' ? null : objectId(row.creator) },
    ...{ created: new Date(row.created), updated: new Date(row.modified), size: long(0), meta: {} },
    ...{ public: false, access: ownedBy(owner), hearth: folderOwn(row) },
  };
}

const folderOwn = ({ tree, mode, props }: Row): Document => ({
  tree,
  ...(mode === null ? {} : { mode }),
  ...(props === null ? {} : { props: JSON.stringify(props) }),
});

export async function annotate(
  view: View,
  id: EntryId,
  annotation: Annotation,
  change: Change,
): Promise<Entry> {
  const op = 'catalog.annotate';
  const { row: old, line } = await view.live(id, op);
  if (old.foreign === true) throw foreign(op);
  checkGeneration(view, change, op);
  checkExpect(view, old, change.expect, op);
  const row: Row = {
    ...old,
    created: annotation.created ?? old.created,
    modified: annotation.modified ?? old.modified,
    mode: annotation.mode ?? old.mode,
    mime: annotation.mime ?? old.mime,
    props: filled(annotated(old.props, annotation)),
    checksums:
      annotation.checksums === undefined ? old.checksums : { ...old.checksums, ...annotation.checksums },
  };
  const times = { created: new Date(row.created), updated: new Date(row.modified) };
  if (row.kind === 'file') {
    view.writes.push({ on: 'item', id: objectId(id), set: { ...times, hearth: ownOf(row) } });
    if (row.mime !== old.mime) {
      view.writes.push({ on: 'file', ofItem: objectId(id), set: { mimeType: row.mime } });
    }
  } else {
    // Its number is raised by settlements alone.
    const set = { ...times, ...(row.mode === null ? {} : { 'hearth.mode': row.mode }) };
    const props = row.props === null ? {} : { 'hearth.props': JSON.stringify(row.props) };
    const unset = row.props === null ? ['hearth.props'] : [];
    view.writes.push({ on: 'folder', id: objectId(id), set: { ...set, ...props }, unset });
  }
  view.put(row);
  const root = id === view.home.id;
  record(
    view,
    change,
    { op: 'annotate', entry: id, kind: row.kind, parent: root ? id : row.parent, name: row.name },
    line,
  );
  await dropLocks(view, change);
  return view.entry(row);
}

function annotated(old: Props | null, { set, remove }: Annotation): Props {
  const props = { ...old, ...set };
  if (remove === undefined) return props;
  const gone = new Set(remove.filter((name) => set === undefined || !Object.hasOwn(set, name)));
  return Object.fromEntries(Object.entries(props).filter(([name]) => !gone.has(name)));
}
