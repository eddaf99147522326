import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { CatalogUpkeep, Clock } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { BlobRef, Entry, EntryId, Layout } from '../../core/values.ts';
import { layoutRow } from './read-entries.ts';
import { type EntryRow, entryColumns } from './rows.ts';
import type { Snapshot } from './snapshot.ts';
import { workerUrl } from './thread.ts';
import type { Writer } from './writer.ts';

/** Look-ups in one turn of the event loop. */
const bite = 128;
const layoutsPage = 64;
const journalStep = 2000;
const sweepStep = 64;

export function sqliteUpkeep(snapshot: Snapshot, writer: Writer, path: string, clock: Clock): CatalogUpkeep {
  const homes = () => snapshot.db.all<[string]>('SELECT id FROM homes ORDER BY id').map(([id]) => id);
  return {
    sweep: (before, limit, home) => sweep(writer, before, limit, home),
    referenced: (refs) => referenced(snapshot, refs),
    layouts: (after) => layouts(snapshot, after),
    fragmented: async (extents, before, limit) => fragmented(snapshot, extents, before, limit),
    waiting: async (limit) =>
      snapshot.db
        .all<[string, Uint8Array<ArrayBuffer>]>('SELECT ref, body FROM bodies ORDER BY n LIMIT ?', limit)
        .map(([ref, body]) => ({ ref, body })),
    backlog: async () =>
      snapshot.db.get<[number]>(
        'SELECT ifnull((SELECT max(n) FROM bodies) - (SELECT min(n) FROM bodies) + 1, 0)',
      )?.[0] ?? 0,
    arrived: (refs) => writer.call('arrived', [refs]),
    expire: async (now, journalBefore) => {
      await writer.call('expire', [now]);
      for (const home of homes()) {
        while ((await writer.call('expireJournal', [home, journalBefore, journalStep])) === journalStep);
      }
    },
    repair: async () => {
      const lines = [...(await writer.call('repairOrphans', [clock()]))];
      for (const home of homes()) lines.push(...(await writer.call('repairHome', [home])));
      return lines;
    },
    backup: (target) => backup(path, target),
  };
}

/** In small steps, so that changes which come meanwhile are not kept waiting. */
async function sweep(writer: Writer, before: number, limit: number, home?: EntryId): Promise<number> {
  let swept = 0;
  while (swept < limit) {
    const step = Math.min(sweepStep, limit - swept);
    const rows = await writer.call('sweep', [before, step, home]);
    swept += rows;
    if (rows < step) break;
  }
  return swept;
}

async function referenced(snapshot: Snapshot, refs: readonly BlobRef[]): Promise<ReadonlySet<BlobRef>> {
  const used = new Set<BlobRef>();
  for (let from = 0; from < refs.length; from += bite) {
    if (from > 0) await turn();
    snapshot.within(() => {
      for (const ref of refs.slice(from, from + bite)) if (isReferenced(snapshot, ref)) used.add(ref);
    });
  }
  return used;
}

function isReferenced({ db }: Snapshot, ref: BlobRef): boolean {
  const sql = (table: string, column: string) =>
    `SELECT 1 FROM ${table} WHERE substr(${column}, 1, 16) = substr(?1, 1, 16) AND ${column} = ?1 LIMIT 1`;
  return (
    db.get(sql('entries', 'blob'), ref) !== undefined || db.get(sql('extents', 'ref'), ref) !== undefined
  );
}

async function* layouts(
  snapshot: Snapshot,
  after = '',
): AsyncIterable<readonly { readonly entry: Entry; readonly layout: Layout }[]> {
  for (let from = after; ; ) {
    const found = snapshot.within(() =>
      snapshot.db
        .all<EntryRow>(
          `SELECT ${entryColumns} FROM entries WHERE id > ? AND kind = 1 ORDER BY id LIMIT ?`,
          from,
          layoutsPage,
        )
        .flatMap((row) => {
          const layout = layoutRow(snapshot, row[0]);
          return layout === undefined ? [] : [{ entry: placed(snapshot, row), layout }];
        }),
    );
    if (found.length > 0) yield found;
    const last = found.at(-1);
    if (last === undefined || found.length < layoutsPage) return;
    from = last.entry.id;
    await turn();
  }
}

/** What lies in the trash itself is shown where it was. */
function placed(snapshot: Snapshot, row: EntryRow): Entry {
  const found = snapshot.trees.entry(row);
  if (!row[1].startsWith('~')) return found;
  const was = snapshot.db.get<[string, string]>('SELECT parent, name FROM trash WHERE entry = ?', row[0]);
  return was === undefined ? found : { ...found, parent: was[0], name: was[1] };
}

function fragmented(snapshot: Snapshot, extents: number, before: number, limit: number): readonly EntryId[] {
  return snapshot.within(() => {
    const rows = snapshot.db.all<[string]>(
      'SELECT id FROM entries WHERE parts > 1 AND parts > ? AND changed < ? ORDER BY changed LIMIT ?',
      ...[extents, before, limit * 4 + bite],
    );
    // Files in the trash are left as they are.
    return rows
      .map(([id]) => id)
      .filter((id) => snapshot.isLive(id))
      .slice(0, limit);
  });
}

/** In a thread of its own: the copy reads one state of the file while readers and the writer go on. */
async function backup(path: string, target: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(workerUrl('backup-worker'), { workerData: { path, target } });
  worker.on('error', (cause) => {
    const message = `The backup failed: ${cause instanceof Error ? cause.message : String(cause)}`;
    reject(new StoreError('unavailable', { op: 'catalog.backup', message, cause }));
  });
  worker.on('exit', (code) => {
    if (code === 0) resolve();
    else reject(new StoreError('unavailable', { op: 'catalog.backup', message: 'The backup was cut off.' }));
  });
  await promise;
}
