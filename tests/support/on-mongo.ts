import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { useMongo } from './store.ts';

/**
 * The test files of `folder` whose names match, once more in this process, with their houses and servers on MongoDB
 * instead of SQLite. What a file asserts is the same there, word for word.
 */
export async function againOnMongo(folder: URL, names: RegExp): Promise<void> {
  const skip = useMongo();
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && name !== 'mongo.test.ts' && names.test(name))
    .toSorted();
  if (found.length === 0) throw new Error(`no test file of ${folder.pathname} matches ${names}`);
  if (skip !== false) {
    describe('on MongoDB', () => it(found.join(', '), { skip }, () => undefined));
    return;
  }
  for (const name of found) await import(new URL(name, folder).href);
}
