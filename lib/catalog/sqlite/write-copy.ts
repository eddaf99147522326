import { createHash } from 'node:crypto';
import type { Change, Place, Written } from '../../core/contracts.ts';
import type { EntryId } from '../../core/values.ts';
import { dropLocks, dropLocksBelow, live, membersChanged } from './guard.ts';
import { account, treeSize } from './quota.ts';
import type { EntryRow } from './rows.ts';
import type { Transaction } from './transaction.ts';
import { destination, detach, notBelow, seen } from './write-tree.ts';

export type CopyChange = Change & { readonly shallow?: boolean };

/**
 * Rows, not bytes. `base` is a fresh id: the ids of the copies are its seconds, five bytes hashed from it, and a
 * count, in the shape of an ObjectId.
 */
export function copy(tx: Transaction, id: EntryId, to: Place, change: CopyChange, base: EntryId): Written {
  const op = 'catalog.copy';
  const source = live(tx, id, op);
  const { parent, home, target, name } = destination(tx, source, to, change, op);
  const shallow = change.shallow === true;
  if (!shallow) notBelow(tx, source, parent, op);
  account(tx, home, shallow ? source[6] : treeSize(tx, id), op);
  collect(tx, id, base, shallow);
  const top = tx.db.get<[string]>('SELECT id FROM temp.copying WHERE old = ?', id)?.[0] ?? base;
  // Before its rows, which bear the number of the change as their tree version.
  const kind = source[3] === 1 ? 'file' : 'folder';
  if (target !== undefined) detach(tx, target, change);
  const seq = tx.record(home, change, { op: 'copy', entry: top, kind, parent, name });
  insertCopies(tx, source, { parent, name, home }, seq, change);
  membersChanged(tx, change, parent);
  if (target !== undefined) dropLocksBelow(tx, home);
  dropLocks(tx, home, change);
  return { entry: seen(tx, top), created: target === undefined };
}

function collect(tx: Transaction, top: EntryId, base: EntryId, shallow: boolean): void {
  const prefix = base.slice(0, 8) + createHash('sha256').update(base).digest('hex').slice(0, 10);
  tx.db.run(
    'CREATE TEMP TABLE IF NOT EXISTS copying(n INTEGER PRIMARY KEY, old TEXT NOT NULL UNIQUE, id TEXT, file TEXT)',
  );
  tx.db.run('DELETE FROM temp.copying');
  if (shallow) tx.db.run('INSERT INTO temp.copying(old) VALUES(?)', top);
  else {
    tx.db.run(
      `INSERT INTO temp.copying(old)
       WITH RECURSIVE down(id, kind) AS (
         SELECT id, kind FROM entries WHERE id = ?
         UNION ALL SELECT e.id, e.kind FROM down d JOIN entries e ON e.parent = d.id WHERE d.kind = 0)
       SELECT id FROM down`,
      top,
    );
  }
  tx.db.run(
    "UPDATE temp.copying SET id = ? || printf('%06x', 2 * n), file = ? || printf('%06x', 2 * n + 1)",
    prefix,
    prefix,
  );
}

function insertCopies(
  tx: Transaction,
  source: EntryRow,
  to: { readonly parent: EntryId; readonly name: string; readonly home: EntryId },
  seq: number,
  change: Change,
): void {
  const [id] = source;
  const { now, by } = change;
  tx.db.run(
    `INSERT INTO entries
     SELECT ifnull(p.id, ?), CASE c.old WHEN ? THEN ? ELSE e.name END, c.id, e.kind, ?, e.version, e.size, ?,
       CASE e.kind WHEN 1 THEN e.modified ELSE ? END, ?, e.mode, e.mime, e.props, e.checksums,
       CASE e.kind WHEN 1 THEN 0 ELSE ? END, CASE e.kind WHEN 1 THEN c.file END, ?, e.parts, e.blob
     FROM temp.copying c CROSS JOIN entries e ON e.id = c.old
     LEFT JOIN temp.copying p ON p.old = e.parent AND c.old <> ?`,
    ...[to.parent, id, to.name, to.home, now, now, by, seq, now, id],
  );
  tx.db.run(
    `INSERT INTO extents SELECT c.id, x.at, x.ref, x.offset, x.length
     FROM temp.copying c CROSS JOIN extents x ON x.entry = c.old`,
  );
  tx.db.run('DELETE FROM temp.copying');
}
