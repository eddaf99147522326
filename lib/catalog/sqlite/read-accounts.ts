import { setImmediate as turn } from 'node:timers/promises';
import type { EntryId, Link, Lock, TokenRecord, UploadRecord, User, UserId } from '../../core/values.ts';
import type { Cell } from './database.ts';
import { toUser, userColumns } from './rows.ts';
import type { Snapshot } from './snapshot.ts';
import { lockColumns, toLock } from './write-locks.ts';

const tokenColumns =
  't.id, t.hash, t.user, t.name, t.write, t.root, t.created, t.expires, t.lastUsed, t.kind';
const usersPage = 256;

function userWhere(snapshot: Snapshot, where: string, value: string): User | undefined {
  return snapshot.keep(`u${where}${value}`, () => {
    const row = snapshot.db.get(`SELECT ${userColumns} FROM users u WHERE u.${where} = ?`, value);
    return row === undefined ? undefined : toUser(row);
  });
}

export const userByLogin = (snapshot: Snapshot, login: string) =>
  userWhere(snapshot, 'login', login.toLowerCase());
export const userById = (snapshot: Snapshot, id: UserId) => userWhere(snapshot, 'id', id);

export async function* users(snapshot: Snapshot, after = ''): AsyncIterable<readonly User[]> {
  for (let from = after; ; ) {
    const sql = `SELECT ${userColumns} FROM users u WHERE u.login > ? ORDER BY u.login LIMIT ?`;
    const found = snapshot.db.all(sql, from, usersPage).map((row) => toUser(row));
    if (found.length > 0) yield found;
    const last = found.at(-1);
    if (last === undefined || found.length < usersPage) return;
    from = last.login;
    await turn();
  }
}

function toToken(row: readonly Cell[]): TokenRecord {
  return {
    id: row[0] as string,
    kind: row[9] as TokenRecord['kind'],
    hash: row[1] as Uint8Array,
    user: row[2] as string,
    name: row[3] as string,
    write: row[4] === 1,
    root: row[5] as string | null,
    created: row[6] as number,
    expires: row[7] as number | null,
    lastUsed: row[8] as number | null,
  };
}

export function token(snapshot: Snapshot, id: string) {
  return snapshot.keep(`t${id}`, () => {
    const row = snapshot.db.get(
      `SELECT ${tokenColumns}, ${userColumns} FROM tokens t JOIN users u ON u.id = t.user WHERE t.id = ?`,
      id,
    );
    return row === undefined ? undefined : { token: toToken(row), user: toUser(row, 10) };
  });
}

export function tokens(snapshot: Snapshot, user: UserId): readonly TokenRecord[] {
  const sql = `SELECT ${tokenColumns} FROM tokens t WHERE t.user = ? ORDER BY t.created, t.id`;
  return snapshot.db.all(sql, user).map(toToken);
}

export function linked(snapshot: Snapshot, issuer: string, subject: string): User | undefined {
  return snapshot.keep(`i${issuer} ${subject}`, () => {
    const row = snapshot.db.get(
      `SELECT ${userColumns} FROM links l JOIN users u ON u.id = l.user WHERE l.issuer = ? AND l.subject = ?`,
      ...[issuer, subject],
    );
    return row === undefined ? undefined : toUser(row);
  });
}

export function links(snapshot: Snapshot, user: UserId): readonly Link[] {
  const sql = 'SELECT issuer, subject, created FROM links WHERE user = ? ORDER BY created, issuer, subject';
  return snapshot.db
    .all<[string, string, number]>(sql, user)
    .map(([issuer, subject, created]) => ({ issuer, subject, user, created }));
}

export function setting(snapshot: Snapshot, key: string): string | undefined {
  return snapshot.db.get<[string]>('SELECT value FROM settings WHERE key = ?', key)?.[0];
}

export function heldLocks(snapshot: Snapshot, home: EntryId, now: number) {
  const { generation, locks } = snapshot.keep(`k${home}`, () => ({
    generation: snapshot.db.get<[number]>('SELECT generation FROM homes WHERE id = ?', home)?.[0] ?? 0,
    locks: snapshot.db
      .all(`SELECT ${lockColumns} FROM locks WHERE home = ? ORDER BY token`, home)
      .map(toLock),
  }));
  return { generation, locks: locks.filter((lock: Lock) => lock.expires > now) };
}

const uploadColumns = 'id, user, parent, name, stage, size, created, expires';

function toUpload(row: readonly Cell[]): UploadRecord {
  return {
    id: row[0] as string,
    user: row[1] as string,
    parent: row[2] as string,
    name: row[3] as string,
    stage: row[4] as string,
    size: row[5] as number | null,
    created: row[6] as number,
    expires: row[7] as number,
  };
}

export function upload(snapshot: Snapshot, id: string): UploadRecord | undefined {
  const row = snapshot.db.get(`SELECT ${uploadColumns} FROM uploads WHERE id = ?`, id);
  return row === undefined ? undefined : toUpload(row);
}

export function uploads(snapshot: Snapshot, user: UserId): readonly UploadRecord[] {
  const sql = `SELECT ${uploadColumns} FROM uploads WHERE user = ? ORDER BY created, id`;
  return snapshot.db.all(sql, user).map(toUpload);
}
