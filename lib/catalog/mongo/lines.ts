import type { Document, ObjectId } from 'mongodb';
import { spellings } from '../../core/path.ts';
import type { EntryId } from '../../core/values.ts';
import { nameOf } from './collections.ts';
import { type FileDoc, type FolderDoc, type ItemDoc, objectId } from './documents.ts';
import { type HomeDoc, leanHome } from './home.ts';
import { storedNames } from './names.ts';
import { folderRow, itemRow, memberRow, type Row, rowFields } from './rows.ts';
import { read, type Store } from './store.ts';

/** Rows from the root of a home down to an entry, and the home as it was then. */
export interface Line {
  readonly home: HomeDoc;
  readonly rows: readonly Row[];
}

export interface Upward {
  readonly up: readonly FolderDoc[];
  readonly homes: readonly HomeDoc[];
  readonly files?: readonly FileDoc[];
}

/** All folders above in one look, and the home that one of them is the root of. */
export const upward = (start: string): readonly Document[] => [
  {
    $graphLookup: {
      ...{
        from: nameOf('folder'),
        startWith: start,
        connectFromField: 'parentId',
        connectToField: '_id',
        as: 'up',
      },
    },
  },
  { $addFields: { line: { $concatArrays: [['$_id'], '$up._id'] } } },
  {
    $lookup: {
      ...{ from: nameOf('home'), localField: 'line', foreignField: '_id', as: 'homes' },
      pipeline: [{ $project: leanHome }],
    },
  },
  { $project: { line: 0, 'up.description': 0, 'up.meta': 0, 'up.access': 0, ...rowFields } },
];

const filesOf = {
  $lookup: { from: nameOf('file'), localField: '_id', foreignField: 'itemId', as: 'files' },
};

export function lineOf(found: Upward, last: Row): Line | undefined {
  const [home] = found.homes;
  if (home === undefined) return undefined;
  const root = home._id.toHexString();
  const folders = new Map(found.up.map((doc) => [doc._id.toHexString(), folderRow(doc)]));
  const rows = [last];
  for (let at = last; at.id !== root; ) {
    const above = folders.get(at.parent);
    if (above === undefined || rows.length > folders.size + 1) return undefined;
    rows.unshift(above);
    at = above;
  }
  return { home, rows };
}

/** Undefined where the entry cannot be reached from the root of a home. One round. */
export async function lineTo(store: Store, id: EntryId): Promise<Line | undefined> {
  if (!isId(id)) return undefined;
  const { folder, item, file } = store.all;
  const _id = objectId(id);
  const kind = store.homes.kindOf(id);
  const ask = <T>(on: typeof folder | typeof item, stages: readonly Document[]) =>
    read('catalog.read', () =>
      on.aggregate<T & Upward>([{ $match: { _id } }, ...stages] as Document[]).toArray(),
    );
  const [[asFolder], [asItem]] = await Promise.all([
    kind === 'item' ? [] : ask<FolderDoc>(folder, upward('$parentId')),
    kind === 'folder' ? [] : ask<ItemDoc>(item, [filesOf, ...upward('$folderId')]),
  ]);
  if (asFolder !== undefined) return learnt(store, lineOf(asFolder, folderRow(asFolder)));
  if (asItem !== undefined) return learnt(store, lineOf(asItem, itemRow(asItem, asItem.files)));
  if (kind !== undefined) return undefined;
  const member = await read('catalog.read', () => file.findOne({ _id, itemId: { $ne: null } }));
  if (member?.itemId == null) return undefined;
  const line = await lineTo(store, member.itemId.toHexString());
  const above = line?.rows.at(-1);
  if (line === undefined || above?.foreign !== true || above.kind === 'file') return undefined;
  return { home: line.home, rows: [...line.rows, memberRow(member)] };
}

const isId = (id: EntryId): boolean => /^[0-9a-f]{24}$/.test(id);

function learnt(store: Store, line: Line | undefined): Line | undefined {
  if (line !== undefined) store.homes.learn(line.home._id.toHexString(), line.rows);
  return line;
}

/** Every stored name under which a name may be found, the likeliest first. */
export const candidates = (name: string): readonly string[] => spellings(name).flatMap(storedNames);

/** Of entries with names that mean the same: the likeliest spelling, folders first, then the oldest. */
export function likeliest(rows: readonly Row[], name: string): Row | undefined {
  const order = candidates(name);
  const rank = (row: Row) => order.indexOf(row.stored) * 2 + (row.kind === 'folder' ? 0 : 1);
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))[0];
}

/** Levels that are looked for among items too, in the one look: a pipeline has at most 1,000 stages. */
const itemLevels = 64;

/** Looks for names, one below the other; `top`: the field that has the id of the first folder. */
function along(names: readonly string[], top: string): readonly Document[] {
  const last = names.length - 1;
  return names.flatMap((name, level) => {
    const above = level === 0 ? top : `f${level - 1}._id`;
    const pipeline = [{ $match: { name: { $in: candidates(name) } } }, { $project: rowFields }];
    const folders = { from: nameOf('folder'), localField: above, foreignField: 'parentId' };
    const items = { from: nameOf('item'), localField: above, foreignField: 'folderId' };
    const inFolders = { $lookup: { ...folders, pipeline, as: `f${level}` } };
    if (level < last && level >= itemLevels) return [inFolders];
    return [inFolders, { $lookup: { ...items, pipeline: [...pipeline, filesOf], as: `i${level}` } }];
  });
}

/** What `along` has found. */
async function rowsAlong(
  store: Store,
  found: Document | undefined,
  from: EntryId,
  names: readonly string[],
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let parent = from;
  for (const [level, name] of names.entries()) {
    const row = likeliest(rowsOf(found?.[`f${level}`], found?.[`i${level}`], parent), name);
    if (row === undefined)
      return level < itemLevels ? rows : [...rows, ...(await itemNamed(store, parent, name))];
    rows.push(row);
    if (row.kind === 'file') return rows;
    if (row.foreign === true) return [...rows, ...(await memberNamed(store, row.id, names[level + 1]))];
    parent = row.id;
  }
  return rows;
}

/** A line, and the rows below it along names as far as there are any. */
export interface Way {
  readonly line: Line | undefined;
  readonly below: readonly Row[];
}

/** One round, unless a long path ends early; from the root of a home one question. */
export async function wayFrom(store: Store, from: EntryId, names: readonly string[]): Promise<Way> {
  if (!isId(from)) return { line: undefined, below: [] };
  if (store.homes.get(from) === from) return wayFromRoot(store, from, names);
  const _id = objectId(from);
  const stages = [{ $match: { _id } }, { $project: { _id: 1 } }, ...along(names, '_id')];
  const [line, [found]] = await Promise.all([
    lineTo(store, from),
    names.length === 0
      ? []
      : read('catalog.read', () => store.all.folder.aggregate<Document>(stages).toArray()),
  ]);
  return { line, below: await rowsAlong(store, found, from, names) };
}

type Rooted = HomeDoc & { readonly roots: readonly FolderDoc[] };

async function wayFromRoot(store: Store, from: EntryId, names: readonly string[]): Promise<Way> {
  const roots = { from: nameOf('folder'), localField: '_id', foreignField: '_id', as: 'roots' };
  const match = [{ $match: { _id: objectId(from) } }, { $project: leanHome }];
  const stages = [...match, { $lookup: roots }, ...along(names, '_id')];
  const [home] = await read('catalog.read', () => store.all.home.aggregate<Rooted>(stages).toArray());
  const [root] = home?.roots ?? [];
  if (home === undefined || root === undefined) return { line: undefined, below: [] };
  return { line: { home, rows: [folderRow(root)] }, below: await rowsAlong(store, home, from, names) };
}

function rowsOf(folders: unknown, items: unknown, parent: EntryId): readonly Row[] {
  const found = [
    ...((folders ?? []) as FolderDoc[]).map(folderRow),
    ...((items ?? []) as (ItemDoc & { files: FileDoc[] })[]).map((doc) => itemRow(doc, doc.files)),
  ];
  return found.filter((row) => row.parent === parent);
}

async function itemNamed(store: Store, parent: EntryId, name: string): Promise<readonly Row[]> {
  const row = await childNamed(store, parent, name);
  return row === undefined ? [] : [row];
}

async function memberNamed(store: Store, item: EntryId, name: string | undefined): Promise<readonly Row[]> {
  if (name === undefined) return [];
  const files = await read('catalog.read', () =>
    store.all.file.find({ itemId: objectId(item), name: { $in: [...candidates(name)] } }).toArray(),
  );
  const row = likeliest(files.map(memberRow), name);
  return row === undefined ? [] : [row];
}

/** What has that name in a folder. One round. */
export async function childNamed(store: Store, parent: EntryId, name: string): Promise<Row | undefined> {
  return (await childrenNamed(store, parent, [name])).get(name);
}

/** What has these names in a folder, those that there are. One round. */
export async function childrenNamed(
  store: Store,
  parent: EntryId,
  names: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const { folder, item } = store.all;
  const name = { $in: names.flatMap(candidates) };
  const _id: ObjectId = objectId(parent);
  const [folders, items] = await Promise.all([
    read('catalog.read', () => folder.find({ parentId: _id, name }, { projection: rowFields }).toArray()),
    read('catalog.read', () =>
      item
        .aggregate<ItemDoc & { files: FileDoc[] }>([
          { $match: { folderId: _id, name } },
          { $project: rowFields },
          filesOf,
        ])
        .toArray(),
    ),
  ]);
  const rows = rowsOf(folders, items, parent);
  return new Map(
    names.flatMap((one) => {
      const stored = candidates(one);
      const row = likeliest(
        rows.filter((each) => stored.includes(each.stored)),
        one,
      );
      return row === undefined ? [] : [[one, row] as const];
    }),
  );
}
