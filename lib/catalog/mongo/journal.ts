import { StoreError } from '../../core/error.ts';
import type { EntryId, JournalRecord } from '../../core/values.ts';
import { objectId } from './documents.ts';
import { recordsOf } from './home.ts';
import { wholly } from './pending.ts';
import { read, type Store } from './store.ts';

/** The home first: what is settled meanwhile is in its records still. */
export async function changes(
  store: Store,
  home: EntryId,
  since: number,
  limit: number,
): Promise<readonly JournalRecord[]> {
  const op = 'catalog.changes';
  const _id = objectId(home);
  const found = await wholly(
    store,
    () => read(op, () => store.all.home.findOne({ _id })),
    (home) => home ?? undefined,
  );
  if (found === null) throw new StoreError('not-found', { op });
  const { floor, seq, log, settled } = found;
  if (since < floor || since > seq) {
    const message = 'The journal does not reach that far; list everything anew.';
    throw new StoreError('stale', { op, message });
  }
  const late = recordsOf(log).filter((record) => record.seq > since);
  const first = late[0]?.seq ?? seq + 1;
  if (first === since + 1) return late.slice(0, limit);
  const early = await read(op, () =>
    store.all.journal
      .find(
        { home, seq: { $gt: since, $lt: Math.max(first, settled + 1) } },
        { projection: { _id: 0, home: 0 } },
      )
      .sort({ seq: 1 })
      .limit(limit)
      .toArray(),
  );
  const known = new Map<number, JournalRecord>();
  for (const record of [...(early as unknown as JournalRecord[]), ...late]) known.set(record.seq, record);
  return [...known.values()].toSorted((a, b) => a.seq - b.seq).slice(0, limit);
}
