import { StoreError } from '../../core/error.ts';
import type { EntryId } from '../../core/values.ts';
import type { TrashDoc } from './collections.ts';
import { read } from './store.ts';
import { treeSize } from './trees.ts';
import type { View } from './view.ts';

const trashOf = (view: View): Promise<readonly TrashDoc[]> =>
  read('catalog.trash', () =>
    view.store.all.trash.find({ home: view.home.id, doomed: false }).sort({ removed: 1, _id: 1 }).toArray(),
  );

/** Counts the removed folders that nobody has counted yet; what lies in the trash, counted, oldest first. */
export async function countTrash(view: View): Promise<readonly TrashDoc[]> {
  view.mustBeFirst();
  const found: TrashDoc[] = [];
  for (const trash of await trashOf(view)) {
    if (trash.size !== null) {
      found.push(trash);
      continue;
    }
    const size = await treeSize(view.store, trash._id);
    view.writes.push({ on: 'trash', id: trash._id, set: { size } });
    view.home.trashed += size;
    found.push({ ...trash, size });
  }
  view.home.uncounted = 0;
  return found;
}

/** Gives a removed tree up: its bytes count no more, its documents go when there is time. */
export function doom(view: View, entry: EntryId, size: number): void {
  view.writes.push({ on: 'trash', id: entry, set: { doomed: true } });
  view.home.used -= size;
  view.home.trashed -= size;
}

/** Takes `delta` more bytes into a home. Where the quota would not hold, the oldest trash goes first. */
export async function account(view: View, delta: number, op: string): Promise<void> {
  if (delta === 0) return;
  const { quota } = view.home;
  if (quota !== null && delta > 0 && view.home.used + delta > quota) {
    const oldest = await countTrash(view);
    const { used, trashed } = view.home;
    if (used - trashed + delta > quota) {
      const room = Math.max(0, quota - used + trashed);
      const message = `That needs ${delta} bytes more and the quota leaves ${room}; delete something or ask for more.`;
      throw new StoreError('no-space', { op, message });
    }
    for (const { _id, size } of oldest) {
      if (view.home.used + delta <= quota) break;
      doom(view, _id, size ?? 0);
    }
  }
  view.home.used += delta;
}
