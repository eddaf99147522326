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

const servers: readonly {
  readonly name: string;
  readonly kind: MongoKind;
  readonly transactions: boolean;
}[] = [
  { name: 'MongoDB, one node without transactions', kind: 'single', transactions: false },
  { name: 'MongoDB, a set of three without transactions', kind: 'set', transactions: false },
  { name: 'MongoDB, a set of three with transactions', kind: 'set', transactions: true },
];

for (const { name, kind, transactions } of servers) {
  const skip = needsMongo(kind);
  if (skip !== false) {
    it(name, { skip }, () => undefined);
    continue;
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
