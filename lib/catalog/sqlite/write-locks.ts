import { StoreError } from '../../core/error.ts';
import type { Lock, LockToken } from '../../core/values.ts';
import type { Cell } from './database.ts';
import { live } from './guard.ts';
import type { Transaction } from './transaction.ts';

export const lockColumns = 'token, home, entry, depth, scope, owner, by, expires';

export function toLock(row: readonly Cell[]): Lock {
  const [token, home, entry, depth, scope, owner, by, expires] = row;
  return {
    token: token as string,
    home: home as string,
    entry: entry as string,
    depth: depth === 0 ? 0 : 'infinity',
    scope: scope as Lock['scope'],
    owner: owner as string,
    by: by as string,
    expires: expires as number,
  };
}

export function createLock(tx: Transaction, lock: Lock, generation: number, now: number): void {
  const op = 'catalog.lock';
  live(tx, lock.entry, op);
  const home = tx.touch(lock.home);
  if (home.generation !== generation) {
    throw new StoreError('conflict', { op, message: 'A lock came or went meanwhile; check again.' });
  }
  tx.db.run('DELETE FROM locks WHERE home = ? AND expires <= ?', lock.home, now);
  const { token, entry, depth, scope, owner, by, expires } = lock;
  const depthNumber = depth === 0 ? 0 : 1;
  tx.db.run(
    'INSERT INTO locks VALUES(?, ?, ?, ?, ?, ?, ?, ?)',
    ...[token, lock.home, entry, depthNumber, scope, owner, by, expires],
  );
  home.generation += 1;
}

export function refreshLock(tx: Transaction, token: LockToken, expires: number, now: number) {
  const row = tx.db.get(
    `UPDATE locks SET expires = ? WHERE token = ? AND expires > ? RETURNING ${lockColumns}`,
    ...[expires, token, now],
  );
  return row === undefined ? undefined : toLock(row);
}

export function releaseLock(tx: Transaction, token: LockToken, now: number): boolean {
  const row = tx.db.get<[string, number]>('DELETE FROM locks WHERE token = ? RETURNING home, expires', token);
  if (row === undefined) return false;
  tx.touch(row[0]).generation += 1;
  return row[1] > now;
}
