import type { Uploads } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { UploadRecord } from '../../core/values.ts';
import { asStoreError, isDuplicate } from './errors.ts';
import { read, type Store } from './store.ts';

/** A collection of our own (hazard 6): Girder's clean-up of `upload` trips over what is not its. */
export function mongoUploads(store: Store): Uploads {
  const { upload: uploads } = store.all;
  const toUpload = ({ _id, ...rest }: Record<string, unknown>) =>
    ({ id: _id, ...rest }) as unknown as UploadRecord;
  return {
    create: async ({ id, ...rest }) => {
      const op = 'catalog.createUpload';
      try {
        await uploads.insertOne({ _id: id, ...rest });
      } catch (error) {
        throw isDuplicate(error) ? new StoreError('exists', { op }) : asStoreError(error, op);
      }
    },
    get: async (id) => {
      const found = await read('catalog.upload', () => uploads.findOne({ _id: id }));
      return found === null ? undefined : toUpload(found);
    },
    list: async (user) => {
      const found = await read('catalog.uploads', () =>
        uploads.find({ user }).sort({ created: 1, _id: 1 }).toArray(),
      );
      return found.map(toUpload);
    },
    remove: async (id) => {
      await read('catalog.upload', () => uploads.deleteOne({ _id: id }));
    },
  };
}
