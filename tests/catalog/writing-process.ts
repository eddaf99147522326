import { sqliteCatalog } from '../../lib/catalog/sqlite.ts';
import { draftOf, newId } from '../conformance/catalog-bench.ts';

/** Puts files and says the name of each as soon as it was answered: PATH HOME USER PREFIX COUNT. */
const [path = '', home = '', by = '', prefix = '', count = '0'] = process.argv.slice(2);
const catalog = await sqliteCatalog({ path, ids: newId });

let next = 0;
async function client(): Promise<void> {
  while (next < Number(count)) {
    const name = `${prefix}${next++}`;
    const draft = { parent: home, name, ...draftOf(name), body: Buffer.from(name) };
    await catalog.put(draft, { by, now: Date.now(), durability: 'durable', expect: 'absent' });
    process.stdout.write(`${name}\n`);
  }
}

await Promise.all([client(), client(), client(), client()]);
await catalog.close();
