import { StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Usage } from '../core/values.ts';
import type { Context } from './context.ts';

/** Bytes that may still be written: the trash gives way when they are needed. Null: no limit. */
export function available(usage: Usage): number | null {
  return usage.quota === null ? null : Math.max(0, usage.quota - usage.used + usage.trashed);
}

/** Refuses a body before it comes. The catalog counts for certain when the change commits. */
export async function checkRoom(
  context: Context,
  growth: number,
  op: string,
  path: readonly string[],
): Promise<void> {
  if (growth <= 0) return;
  const usage = await context.catalog.usage(context.principal.home);
  const room = available(usage);
  if (room === null || growth <= room) return;
  const message = `${formatPath(path)} needs ${growth} bytes more and the quota leaves ${room}; delete something or ask for more.`;
  throw new StoreError('no-space', { op, path: formatPath(path), message });
}
