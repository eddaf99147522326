import { after, before, describe } from 'node:test';
import type { CatalogBench, MakeCatalog } from './catalog-bench.ts';
import { catalogContents } from './catalog-contents.ts';
import { catalogJournal } from './catalog-journal.ts';
import { catalogModel } from './catalog-model.ts';
import { catalogNames } from './catalog-names.ts';
import { catalogQuota } from './catalog-quota.ts';
import { catalogRaces } from './catalog-races.ts';
import { catalogTrees } from './catalog-trees.ts';
import { catalogUpkeep } from './catalog-upkeep.ts';
import { catalogVersions } from './catalog-versions.ts';

/** The Catalog contract, whatever keeps it. */
export function catalogSuite(name: string, make: MakeCatalog): void {
  describe(`Catalog: ${name}`, () => {
    let bench: CatalogBench;
    before(async () => {
      bench = await make();
    });
    after(async () => bench?.close());
    const parts = [
      ...[catalogNames, catalogTrees, catalogContents, catalogVersions, catalogJournal],
      ...[catalogQuota, catalogUpkeep, catalogRaces, catalogModel],
    ];
    for (const part of parts) part(() => bench);
  });
}
