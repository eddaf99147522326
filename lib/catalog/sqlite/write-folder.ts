import type { Change, FolderDraft } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { Annotation, Entry, EntryId, Props } from '../../core/values.ts';
import {
  checkExpect,
  checkGeneration,
  childNamed,
  dropLocks,
  live,
  liveFolder,
  membersChanged,
} from './guard.ts';
import { type EntryRow, entryColumns, toJson } from './rows.ts';
import { noParent, rootName } from './schema.ts';
import type { Transaction } from './transaction.ts';
import { insertRow } from './write-file.ts';

export function mkdir(tx: Transaction, draft: FolderDraft, change: Change, id: EntryId): Entry {
  const op = 'catalog.mkdir';
  const parent = liveFolder(tx, draft.parent, op);
  const home = parent[2];
  checkGeneration(tx, home, change, op);
  if (childNamed(tx, parent[0], draft.name) !== undefined) throw new StoreError('exists', { op });
  if (change.expect !== 'absent') checkExpect(tx, undefined, change.expect, op);
  const seq = tx.record(home, change, {
    op: 'mkdir',
    entry: id,
    kind: 'folder',
    parent: parent[0],
    name: draft.name,
  });
  const row = folderRow(id, parent[0], home, draft, change, seq);
  insertRow(tx, row, { file: null, changed: change.now, parts: 0, blob: null });
  membersChanged(tx, change, parent[0]);
  dropLocks(tx, home, change);
  return tx.trees.entry(row);
}

export function folderRow(
  id: EntryId,
  parent: EntryId,
  home: EntryId,
  draft: Pick<FolderDraft, 'name' | 'props' | 'created' | 'modified'>,
  change: Pick<Change, 'by' | 'now'>,
  seq: number,
): EntryRow {
  const created = draft.created ?? change.now;
  return [
    ...([id, parent, home, 0, draft.name, '', 0, created, draft.modified] as const),
    ...([change.by, null, null, toJson(draft.props), null, seq] as const),
  ];
}

export function annotate(tx: Transaction, id: EntryId, annotation: Annotation, change: Change): Entry {
  const op = 'catalog.annotate';
  const row = live(tx, id, op);
  const [, parent, home, kind, name] = row;
  checkGeneration(tx, home, change, op);
  checkExpect(tx, row, change.expect, op);
  const fresh: EntryRow = [
    ...([id, parent, home, kind, name, row[5], row[6]] as const),
    annotation.created ?? row[7],
    annotation.modified ?? row[8],
    row[9],
    annotation.mode ?? row[10],
    annotation.mime ?? row[11],
    toJson(annotated(row[12], annotation)),
    annotation.checksums === undefined ? row[13] : toJson({ ...parsed(row[13]), ...annotation.checksums }),
    row[14],
  ];
  tx.db.run(
    'UPDATE entries SET created = ?, modified = ?, mode = ?, mime = ?, props = ?, checksums = ? WHERE parent = ? AND name = ?',
    ...[fresh[7], fresh[8], fresh[10], fresh[11], fresh[12], fresh[13], parent, name],
  );
  const root = parent === noParent;
  tx.record(home, change, {
    op: 'annotate',
    entry: id,
    kind: kind === 1 ? 'file' : 'folder',
    parent: root ? id : parent,
    name: root ? rootName : name,
  });
  dropLocks(tx, home, change);
  return tx.trees.entry(tx.db.get<EntryRow>(`SELECT ${entryColumns} FROM entries WHERE id = ?`, id) ?? fresh);
}

const parsed = (text: string | null): Props => (text === null ? {} : (JSON.parse(text) as Props));

function annotated(text: string | null, { set, remove }: Annotation): Props {
  const props = { ...parsed(text), ...set };
  if (remove === undefined) return props;
  const gone = new Set(remove.filter((name) => set === undefined || !Object.hasOwn(set, name)));
  return Object.fromEntries(Object.entries(props).filter(([name]) => !gone.has(name)));
}
