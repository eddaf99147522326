import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteCatalog } from '../../lib/catalog/sqlite.ts';
import { accountsSuite } from '../conformance/accounts.ts';
import { catalogSuite } from '../conformance/catalog.ts';
import { type MakeCatalog, newId, start } from '../conformance/catalog-bench.ts';
import { locksSuite } from '../conformance/locks.ts';
import { uploadsSuite } from '../conformance/uploads.ts';

const make: MakeCatalog = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-catalog-'));
  const open = () => sqliteCatalog({ path: join(folder, 'catalog.sqlite'), ids: newId, clock: () => start });
  const opened = [await open()];
  const [catalog] = opened;
  if (catalog === undefined) throw new Error('no catalog');
  return {
    catalog,
    again: async () => {
      const more = await open();
      opened.push(more);
      return more;
    },
    close: async () => {
      await Promise.all(opened.map((each) => each.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

catalogSuite('SQLite', make);
locksSuite('SQLite', make);
accountsSuite('SQLite', make);
uploadsSuite('SQLite', make);
