import { StoreError } from '../../core/error.ts';
import type { EntryId, Extent } from '../../core/values.ts';
import { lengthOf } from '../extents.ts';
import { contentOf, pinWrites } from './contents.ts';
import { objectId } from './documents.ts';
import { itemRow } from './rows.ts';
import { read } from './store.ts';
import { filesOf } from './trees.ts';
import type { View } from './view.ts';

/** The bytes stay, so neither journal nor version change. A file in the trash may be made whole, too. */
export async function compact(
  view: View,
  id: EntryId,
  version: string,
  extents: readonly Extent[],
): Promise<void> {
  const op = 'catalog.compact';
  view.mustBeFirst();
  const _id = objectId(id);
  const { item, file } = view.store.all;
  const doc = await read(op, () => item.findOne({ _id }));
  const row = doc === null ? undefined : itemRow(doc, await filesOf(view.store, [doc]));
  if (row === undefined || row.kind === 'folder') throw new StoreError('not-found', { op });
  if (row.version !== version)
    throw new StoreError('conflict', { op, message: 'The file changed meanwhile.' });
  if (lengthOf(extents) !== row.size) {
    throw new StoreError('invalid', { op, message: 'The extents do not add up to the size of the file.' });
  }
  const pins = await read(op, () => file.find({ attachedToId: _id }).toArray());
  const { hearth, ...fields } = contentOf(view.store, row.size, extents);
  view.writes.push({ on: 'item', id: _id, set: { 'hearth.parts': extents.length } });
  view.writes.push({
    ...{ on: 'file', ofItem: _id },
    set: { ...fields, ...(hearth === undefined ? {} : { 'hearth.extents': hearth.extents }) },
    unset: hearth === undefined ? ['hearth.extents'] : [],
  });
  pinWrites(view, row, extents, pins);
  view.put({ ...row, parts: extents.length });
}
