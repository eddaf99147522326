import type { EntryId } from '../../core/values.ts';
import { treeSize } from './quota.ts';
import { noParent, trashOf } from './schema.ts';
import type { Transaction } from './transaction.ts';

/** Entries whose parent is gone, or no folder: they go to the trash of their home, where they can be restored. */
export function repairOrphans(tx: Transaction, now: number): readonly string[] {
  const orphans = tx.db.all<[string, string, string, string]>(
    `SELECT e.id, e.parent, e.name, e.home FROM entries e LEFT JOIN entries p ON p.id = e.parent
     WHERE e.parent <> ? AND substr(e.parent, 1, 1) <> '~' AND (p.id IS NULL OR p.kind = 1)`,
    noParent,
  );
  for (const [id, parent, name, home] of orphans) {
    tx.db.run('UPDATE entries SET parent = ?, name = id WHERE id = ?', trashOf(home), id);
    tx.db.run("INSERT OR REPLACE INTO trash VALUES(?, ?, ?, ?, ?, '', NULL, 0)", id, home, parent, name, now);
  }
  const lost = tx.db.run('DELETE FROM extents WHERE entry NOT IN (SELECT id FROM entries)');
  const bare = tx.db.run('DELETE FROM trash WHERE entry NOT IN (SELECT id FROM entries)');
  const locks = tx.db.run('DELETE FROM locks WHERE entry NOT IN (SELECT id FROM entries)');
  return [
    ...orphans.map(([id, , name]) => `${name} (${id}) hung under no folder: it is in the trash now`),
    ...(lost === 0 ? [] : [`${lost} extents of no file were dropped`]),
    ...(bare === 0 ? [] : [`${bare} trash records of no entry were dropped`]),
    ...(locks === 0 ? [] : [`${locks} locks of no entry were dropped`]),
  ];
}

/** Counts one home anew. */
export function repairHome(tx: Transaction, home: EntryId): readonly string[] {
  const lines: string[] = [];
  for (const [entry, size] of tx.db.all<[string, number | null]>(
    'SELECT entry, size FROM trash WHERE home = ? AND doomed = 0',
    home,
  )) {
    const real = treeSize(tx, entry);
    if (real === size) continue;
    tx.db.run('UPDATE trash SET size = ? WHERE entry = ?', real, entry);
    if (size !== null) lines.push(`trash ${entry}: ${size} bytes counted, ${real} there`);
  }
  const trashed =
    tx.db.get<[number]>('SELECT ifnull(sum(size), 0) FROM trash WHERE home = ? AND doomed = 0', home)?.[0] ??
    0;
  const used = treeSize(tx, home) + trashed;
  const counters = tx.touch(home);
  if (counters.used !== used) lines.push(`home ${home}: ${counters.used} bytes counted, ${used} there`);
  counters.used = used;
  counters.trashed = trashed;
  lines.push(...repairTrees(tx, home));
  return lines;
}

/** A tree version below one of its folders' shows that something was not folded; both are raised to the change. */
function repairTrees(tx: Transaction, home: EntryId): readonly string[] {
  tx.fold(home);
  let mended = 0;
  for (;;) {
    const low = tx.db.all<[string, number]>(
      `SELECT p.id, max(e.tree) FROM entries e JOIN entries p ON p.id = e.parent
       WHERE e.home = ? AND e.kind = 0 GROUP BY p.id HAVING max(e.tree) > p.tree`,
      home,
    );
    if (low.length === 0) break;
    for (const [id, tree] of low) tx.db.run('UPDATE entries SET tree = ? WHERE id = ?', tree, id);
    mended += low.length;
  }
  tx.trees.reset();
  return mended === 0 ? [] : [`home ${home}: ${mended} folder versions were behind what is below them`];
}
