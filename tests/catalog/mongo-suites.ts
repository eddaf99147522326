import { after, before, describe, it } from 'node:test';
import { mongoCatalog } from '../../lib/catalog/mongo.ts';
import type { Catalog } from '../../lib/core/contracts.ts';
import { accountsSuite } from '../conformance/accounts.ts';
import { catalogSuite } from '../conformance/catalog.ts';
import { type MakeCatalog, newId, start } from '../conformance/catalog-bench.ts';
import { locksSuite } from '../conformance/locks.ts';
import { uploadsSuite } from '../conformance/uploads.ts';
import { type Mongo, mongo } from '../support/mongod.ts';
import { type MongoKind, needsMongo } from '../support/mongod-binary.ts';

/** All that a catalog has to pass, on a MongoDB of one kind; each has a file, since they take their time. */
export function mongoSuites(
  name: string,
  options: { readonly kind: MongoKind; readonly transactions: boolean },
): void {
  const { kind, transactions } = options;
  const skip = needsMongo(kind);
  if (skip !== false) {
    it(name, { skip }, () => undefined);
    return;
  }
  describe(name, () => {
    let server: Mongo;
    before(async () => {
      server = await mongo(kind);
    });
    after(async () => server?.close());

    const make: MakeCatalog = async () => {
      const url = server.database();
      const open = () => mongoCatalog({ url, ids: newId, clock: () => start, transactions });
      const opened: Catalog[] = [];
      const again = async () => {
        const more = await open();
        opened.push(more);
        return more;
      };
      return {
        catalog: await again(),
        again,
        close: async () => {
          await Promise.all(opened.map((each) => each.close()));
        },
      };
    };

    catalogSuite(name, make);
    locksSuite(name, make);
    accountsSuite(name, make);
    uploadsSuite(name, make);
  });
}
