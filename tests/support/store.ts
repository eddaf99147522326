import { join } from 'node:path';
import { mongo } from './mongod.ts';
import { needsMongo } from './mongod-binary.ts';

/** The catalog that houses and servers of this process stand on; `mongo.test.ts` files set it, or whoever runs a test. */
const variable = 'HEARTH_TEST_CATALOG';
const onMongo = () => process.env[variable] === 'mongodb';

/** All houses and servers from here on are on MongoDB; a reason to skip where there is none. */
export function useMongo(): false | string {
  process.env[variable] = 'mongodb';
  return needsMongo('set');
}

export interface TestStore {
  readonly url: string;
  /** Takes away what does not lie in the folder. */
  drop(): Promise<void>;
}

/** An empty catalog for a test; what can be kept in files is in `folder`. */
export async function testStore(folder: string): Promise<TestStore> {
  if (!onMongo()) return { url: `sqlite:${join(folder, 'catalog.sqlite')}`, drop: async () => undefined };
  const server = await mongo('set');
  return { url: server.database(), drop: () => server.close() };
}
