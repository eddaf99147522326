import type { AnyBulkWriteOperation, Collection, Document, ObjectId } from 'mongodb';
import type { Collections } from './collections.ts';

export type Target = 'folder' | 'item' | 'file' | 'lock' | 'trash';

/** One document's change, in absolute values: made twice it is as made once. */
export type Write =
  | { readonly on: Target; readonly id: unknown; readonly insert: Document }
  | { readonly on: Target; readonly id: unknown; readonly set: Document; readonly unset?: readonly string[] }
  | {
      readonly on: 'file';
      readonly ofItem: ObjectId;
      readonly set: Document;
      readonly unset?: readonly string[];
    }
  | { readonly on: Target; readonly id: unknown; readonly remove: true };

export const targets: readonly Target[] = ['folder', 'item', 'file', 'lock', 'trash'];

/** `rev` is stamped on what has `hearth`: a straggler with an older one then changes nothing. */
export function bulkOf(writes: readonly Write[], on: Target, fence?: number): AnyBulkWriteOperation[] {
  return writes.filter((write) => write.on === on).map((write) => operation(write, fence));
}

function operation(write: Write, fence: number | undefined): AnyBulkWriteOperation {
  const filter: Document = 'ofItem' in write ? { itemId: write.ofItem } : { _id: write.id };
  if ('remove' in write) return { deleteOne: { filter } };
  const stamped = write.on === 'folder' || write.on === 'item' || write.on === 'file';
  const newer = fence !== undefined && stamped ? { 'hearth.rev': { $not: { $gte: fence } } } : {};
  if ('insert' in write) {
    if (fence === undefined) return { insertOne: { document: { ...write.insert, _id: write.id as never } } };
    const own = stamped ? { hearth: { ...write.insert.hearth, rev: fence } } : {};
    const replacement = { ...write.insert, ...own };
    return { replaceOne: { filter: { ...filter, ...newer }, replacement, upsert: true } };
  }
  const set = fence !== undefined && stamped ? stampedWith(write.set, fence) : write.set;
  const unset = Object.fromEntries((write.unset ?? []).map((field) => [field, '']));
  const update = {
    ...(Object.keys(set).length === 0 ? {} : { $set: set }),
    ...(Object.keys(unset).length === 0 ? {} : { $unset: unset }),
  };
  return { updateOne: { filter: { ...filter, ...newer }, update } };
}

/** `hearth` may be written whole, or field by field. */
function stampedWith(set: Document, rev: number): Document {
  return set.hearth === undefined
    ? { ...set, 'hearth.rev': rev }
    : { ...set, hearth: { ...set.hearth, rev } };
}

export const collectionOf = (all: Collections, on: Target) => all[on] as unknown as Collection<Document>;
