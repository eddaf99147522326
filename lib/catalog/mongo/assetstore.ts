import type { Document } from 'mongodb';
import type { EntryId } from '../../core/values.ts';
import type { Collections } from './collections.ts';
import { objectId } from './documents.ts';
import { isDuplicate } from './errors.ts';

/** Girder's numbers of kinds (`AssetstoreType`). */
const filesystem = 0;

/** The assetstore of a folder of blobs; made as Girder makes one where there is none, and current where none is. */
export async function ensureAssetstore(all: Collections, root: string, id: EntryId): Promise<EntryId> {
  const { assetstore } = all;
  const found = await assetstore.findOne({ type: filesystem, root });
  if (found !== null) return String(found._id);
  const current = (await assetstore.countDocuments({ current: true }, { limit: 1 })) === 0;
  const doc: Document = {
    _id: objectId(id),
    type: filesystem,
    name: 'Hearth',
    root,
    perms: 0o600,
    created: new Date(),
    current,
  };
  try {
    await assetstore.insertOne(doc);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  return id;
}
