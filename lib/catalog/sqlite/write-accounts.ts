import type { Accounts } from '../../core/contracts.ts';
import { StoreError } from '../../core/error.ts';
import type { EntryId, Link, TokenRecord, UploadRecord, User, UserId } from '../../core/values.ts';
import { toUser, userColumns } from './rows.ts';
import { noParent, trashOf } from './schema.ts';
import type { Transaction } from './transaction.ts';
import { insertRow } from './write-file.ts';
import { folderRow } from './write-folder.ts';

export type UserPatch = Parameters<Accounts['updateUser']>[1];

export function createUser(tx: Transaction, user: Omit<User, 'home'>, home: EntryId): User {
  const op = 'catalog.createUser';
  const login = user.login.toLowerCase();
  if (tx.db.get('SELECT 1 FROM users WHERE login = ? OR id = ?', login, user.id) !== undefined) {
    throw new StoreError('exists', { op, message: `The login ${login} is taken.` });
  }
  const { id, email, firstName, lastName, admin, status, created, quota, removeAfter } = user;
  const adminNumber = admin ? 1 : 0;
  tx.db.run(
    'INSERT INTO users VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[id, login, email, firstName, lastName, adminNumber, status, created, home, quota, removeAfter],
  );
  tx.db.run('INSERT INTO homes VALUES(?, 0, 0, 0, 0, 0, 1)', home);
  const draft = { name: home, modified: created, created };
  const row = folderRow(home, noParent, home, draft, { by: id, now: created }, 0);
  insertRow(tx, row, { file: null, changed: created, parts: 0, blob: null });
  return { ...user, login, home };
}

const patchable = ['quota', 'status', 'admin', 'email', 'removeAfter', 'firstName', 'lastName'] as const;

export function updateUser(tx: Transaction, id: UserId, patch: UserPatch): User {
  for (const field of patchable) {
    const value = patch[field];
    if (value === undefined) continue;
    tx.db.run(
      `UPDATE users SET ${field} = ? WHERE id = ?`,
      typeof value === 'boolean' ? Number(value) : value,
      id,
    );
  }
  const row = tx.db.get(`SELECT ${userColumns} FROM users u WHERE id = ?`, id);
  if (row === undefined) throw new StoreError('not-found', { op: 'catalog.updateUser' });
  const user = toUser(row);
  tx.forget(user.home);
  return user;
}

/** Puts the user out at once; the rows of the home go in steps (`sweepHome`). The home, where there was one. */
export function detachUser(tx: Transaction, id: UserId): EntryId | undefined {
  const home = tx.db.get<[string]>('DELETE FROM users WHERE id = ? RETURNING home', id)?.[0];
  tx.db.run('DELETE FROM tokens WHERE user = ?', id);
  tx.db.run('DELETE FROM links WHERE user = ?', id);
  tx.db.run('DELETE FROM uploads WHERE user = ?', id);
  if (home === undefined) return undefined;
  tx.db.run('DELETE FROM locks WHERE home = ?', home);
  tx.db.run('UPDATE entries SET parent = ?, name = ? WHERE id = ?', trashOf(home), home, home);
  tx.db.run('UPDATE trash SET doomed = 1 WHERE home = ?', home);
  tx.db.run("INSERT INTO trash VALUES(?, ?, '', '', 0, ?, NULL, 1)", home, home, id);
  tx.stirred.add(home);
  return home;
}

export function createToken(tx: Transaction, token: TokenRecord): void {
  const op = 'catalog.createToken';
  if (tx.db.get('SELECT 1 FROM tokens WHERE id = ?', token.id) !== undefined) {
    throw new StoreError('exists', { op });
  }
  if (tx.db.get('SELECT 1 FROM users WHERE id = ?', token.user) === undefined) {
    throw new StoreError('not-found', { op });
  }
  const { id, kind, hash, user, name, write, root, created, expires, lastUsed } = token;
  const writes = write ? 1 : 0;
  tx.db.run(
    'INSERT INTO tokens VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[id, hash, user, name, writes],
    ...[root, created, expires, lastUsed, kind],
  );
}

export function extendToken(tx: Transaction, id: string, expires: number): boolean {
  return tx.db.run('UPDATE tokens SET expires = ? WHERE id = ?', expires, id) > 0;
}

export function link(tx: Transaction, { issuer, subject, user, created }: Link): void {
  const op = 'catalog.link';
  if (tx.db.get('SELECT 1 FROM users WHERE id = ?', user) === undefined)
    throw new StoreError('not-found', { op });
  const made = tx.db.run(
    'INSERT INTO links VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ...[issuer, subject, user, created],
  );
  if (made === 0) throw new StoreError('exists', { op, message: 'That account is linked already.' });
}

export function unlink(tx: Transaction, issuer: string, subject: string): boolean {
  return tx.db.run('DELETE FROM links WHERE issuer = ? AND subject = ?', issuer, subject) > 0;
}

export function revokeToken(tx: Transaction, id: string): boolean {
  return tx.db.run('DELETE FROM tokens WHERE id = ?', id) > 0;
}

export function touchToken(tx: Transaction, id: string, now: number): void {
  tx.db.run('UPDATE tokens SET lastUsed = ? WHERE id = ? AND ifnull(lastUsed, 0) < ?', now, id, now);
}

export function putSetting(tx: Transaction, key: string, value: string): void {
  tx.db.run('INSERT INTO settings VALUES(?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', key, value);
}

export function createUpload(tx: Transaction, upload: UploadRecord): void {
  const { id, user, parent, name, stage, size, created, expires } = upload;
  if (tx.db.get('SELECT 1 FROM uploads WHERE id = ?', id) !== undefined) {
    throw new StoreError('exists', { op: 'catalog.createUpload' });
  }
  tx.db.run(
    'INSERT INTO uploads VALUES(?, ?, ?, ?, ?, ?, ?, ?)',
    ...[id, user, parent, name, stage, size, created, expires],
  );
}

export function removeUpload(tx: Transaction, id: string): void {
  tx.db.run('DELETE FROM uploads WHERE id = ?', id);
}
