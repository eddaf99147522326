import type { Change, Guard } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Entry, Expect } from '../core/values.ts';
import type { Context } from './context.ts';
import type { LockProof } from './locking.ts';

/** Says early what the catalog says again, for certain, in its transaction. */
export function checkExpect(
  entry: Entry | undefined,
  expect: Expect | undefined,
  op: string,
  path: readonly string[],
): void {
  if (expect === undefined) return;
  const met =
    expect === 'absent'
      ? entry === undefined
      : expect === 'present'
        ? entry !== undefined
        : entry?.version === expect;
  if (met) return;
  const message =
    expect === 'absent'
      ? `${formatPath(path)} exists already.`
      : `${formatPath(path)} is not what it was any more.`;
  throw new StoreError('stale', { op, path: formatPath(path), message });
}

/** What the catalog needs to know of a change, from what the caller asked. */
export function changeOf(context: Context, guard: Guard, proof: LockProof): Change {
  guard.signal?.throwIfAborted();
  return {
    by: context.principal.user,
    now: context.clock(),
    durability: guard.durability ?? context.durability,
    lockGeneration: proof.lockGeneration,
    drop: proof.drop,
    ...(guard.expect === undefined ? {} : { expect: guard.expect }),
    ...(guard.source === undefined ? {} : { source: guard.source }),
  };
}
