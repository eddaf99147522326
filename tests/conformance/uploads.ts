import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Catalog } from '../../lib/core/contracts.ts';
import type { UploadRecord } from '../../lib/core/values.ts';
import { type CatalogBench, type MakeCatalog, newId, newUser, start } from './catalog-bench.ts';

export function uploadsSuite(name: string, make: MakeCatalog): void {
  describe(`Uploads: ${name}`, () => {
    let bench: CatalogBench;
    let catalog: Catalog;
    before(async () => {
      bench = await make();
      catalog = bench.catalog;
    });
    after(async () => bench?.close());
    const make1 = async (more: Partial<UploadRecord> = {}): Promise<UploadRecord> => {
      const user = await newUser(catalog);
      const upload = {
        ...{ id: newId(), user: user.id, parent: user.home, name: 'big', stage: newId() },
        ...{ size: null, created: start, expires: start + 1000 },
        ...more,
      };
      await catalog.uploads.create(upload);
      return upload;
    };

    it('an upload is remembered until it is removed', async () => {
      const upload = await make1({ size: 123_456_789_012 });
      assert.deepEqual(await catalog.uploads.get(upload.id), upload);
      assert.deepEqual(await (await bench.again()).uploads.get(upload.id), upload);
      await catalog.uploads.remove(upload.id);
      assert.equal(await catalog.uploads.get(upload.id), undefined);
      await catalog.uploads.remove(upload.id);
    });

    it('uploads are listed by user', async () => {
      const one = await make1();
      const two = await make1({ user: one.user, created: start + 1 });
      await make1();
      assert.deepEqual(await catalog.uploads.list(one.user), [one, two]);
      assert.deepEqual(await catalog.uploads.list(newId()), []);
    });

    it('uploads go when they have expired, and with their user', async () => {
      const old = await make1({ expires: start });
      const young = await make1({ expires: start + 9 });
      await catalog.upkeep.expire(start + 5, 0);
      assert.equal(await catalog.uploads.get(old.id), undefined);
      assert.deepEqual(await catalog.uploads.get(young.id), young);
      await catalog.accounts.eraseUser(young.user);
      assert.equal(await catalog.uploads.get(young.id), undefined);
    });
  });
}
