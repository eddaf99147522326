import { countTrash } from './quota.ts';
import type { Transaction } from './transaction.ts';
import * as accounts from './write-accounts.ts';
import { copy } from './write-copy.ts';
import { compact, put, splice } from './write-file.ts';
import { annotate, mkdir } from './write-folder.ts';
import { createLock, refreshLock, releaseLock } from './write-locks.ts';
import { repairHome, repairOrphans } from './write-repair.ts';
import { move, remove, restore } from './write-tree.ts';
import { arrived, expire, expireJournal, settle, sweep, sweepHome } from './write-upkeep.ts';

/** Everything that writes, by the name under which the main thread asks for it. */
export const operations = {
  ...{ put, splice, compact, mkdir, annotate, move, copy, remove, restore },
  ...{ createLock, refreshLock, releaseLock },
  createUser: accounts.createUser,
  updateUser: accounts.updateUser,
  detachUser: accounts.detachUser,
  createToken: accounts.createToken,
  revokeToken: accounts.revokeToken,
  touchToken: accounts.touchToken,
  extendToken: accounts.extendToken,
  link: accounts.link,
  unlink: accounts.unlink,
  putSetting: accounts.putSetting,
  createUpload: accounts.createUpload,
  removeUpload: accounts.removeUpload,
  ...{ arrived, countTrash, expire, expireJournal, repairHome, repairOrphans, settle, sweep, sweepHome },
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type Args<K extends OperationName> =
  Parameters<Operations[K]> extends [Transaction, ...infer Rest] ? Rest : never;
export type Result<K extends OperationName> = ReturnType<Operations[K]>;
