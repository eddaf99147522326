import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../core/error.ts';
import { girderViews } from './views.ts';

/** The parent of the roots of homes, whose `name` is their id; they are seen as `rootName`. */
export const noParent = '';
export const rootName = 'Home';
/** The parent under which a home's removed trees hang; no id looks like it, so nothing below is reachable. */
export const trashOf = (home: string): string => `~${home}`;

/** Runs of a migration are once and in order; one that was released is never edited. */
const migrations: readonly string[] = [
  `
CREATE TABLE entries(
  parent TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL, home TEXT NOT NULL,
  version TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
  creator TEXT NOT NULL, mode INTEGER, mime TEXT, props TEXT, checksums TEXT, tree INTEGER NOT NULL,
  file TEXT, changed INTEGER NOT NULL, parts INTEGER NOT NULL, blob TEXT,
  PRIMARY KEY(parent, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX entries_id ON entries(id);
CREATE INDEX entries_blob ON entries(substr(blob, 1, 16)) WHERE blob IS NOT NULL;
CREATE INDEX entries_parts ON entries(changed) WHERE parts > 1;

CREATE TABLE extents(
  entry TEXT NOT NULL, at INTEGER NOT NULL, ref TEXT, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY(entry, at)
) WITHOUT ROWID;
CREATE INDEX extents_ref ON extents(substr(ref, 1, 16)) WHERE ref IS NOT NULL;

CREATE TABLE bodies(n INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, body BLOB NOT NULL);

CREATE TABLE homes(
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL, folded INTEGER NOT NULL, floor INTEGER NOT NULL,
  used INTEGER NOT NULL, trashed INTEGER NOT NULL, generation INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX homes_unfolded ON homes(id) WHERE folded < seq;

CREATE TABLE journal(
  home TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, op TEXT NOT NULL,
  entry TEXT NOT NULL, kind INTEGER NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL,
  oldParent TEXT, oldName TEXT,
  PRIMARY KEY(home, seq)
) WITHOUT ROWID;

CREATE TABLE trash(
  entry TEXT PRIMARY KEY, home TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL,
  removed INTEGER NOT NULL, by TEXT NOT NULL, size INTEGER, doomed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX trash_home ON trash(home, removed) WHERE doomed = 0;
CREATE INDEX trash_removed ON trash(removed) WHERE doomed = 0;
CREATE INDEX trash_doomed ON trash(home) WHERE doomed = 1;
CREATE INDEX trash_uncounted ON trash(home) WHERE size IS NULL AND doomed = 0;

CREATE TABLE locks(
  token TEXT PRIMARY KEY, home TEXT NOT NULL, entry TEXT NOT NULL, depth INTEGER NOT NULL,
  scope TEXT NOT NULL, owner TEXT NOT NULL, by TEXT NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX locks_home ON locks(home);
CREATE INDEX locks_expires ON locks(expires);

CREATE TABLE users(
  id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, email TEXT, firstName TEXT NOT NULL,
  lastName TEXT NOT NULL, admin INTEGER NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL,
  home TEXT NOT NULL UNIQUE, quota INTEGER, removeAfter INTEGER
) WITHOUT ROWID;

CREATE TABLE tokens(
  id TEXT PRIMARY KEY, hash BLOB NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, write INTEGER NOT NULL,
  root TEXT, created INTEGER NOT NULL, expires INTEGER, lastUsed INTEGER
) WITHOUT ROWID;
CREATE INDEX tokens_user ON tokens(user);
CREATE INDEX tokens_expires ON tokens(expires) WHERE expires IS NOT NULL;

CREATE TABLE uploads(
  id TEXT PRIMARY KEY, user TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, stage TEXT NOT NULL,
  size INTEGER, created INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_user ON uploads(user);
CREATE INDEX uploads_expires ON uploads(expires);

CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE epoch(one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
INSERT INTO epoch VALUES (1, '');
${girderViews}`,
  `
ALTER TABLE tokens ADD COLUMN kind TEXT NOT NULL DEFAULT 'password';
CREATE TABLE links(
  issuer TEXT NOT NULL, subject TEXT NOT NULL, user TEXT NOT NULL, created INTEGER NOT NULL,
  PRIMARY KEY(issuer, subject)
) WITHOUT ROWID;
CREATE INDEX links_user ON links(user);`,
];

export const schemaVersion = migrations.length;

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

/** Brings a file to this schema; several processes may do so at once. A newer schema is refused. */
export function migrate(db: DatabaseSync): void {
  if (versionOf(db) === schemaVersion) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(db);
    if (version > schemaVersion) {
      const message = `The catalog has schema ${version} and this Hearth knows ${schemaVersion}: it was written by a newer Hearth; run that one, or restore a backup.`;
      throw new StoreError('unsupported', { op: 'catalog.open', message });
    }
    for (const step of migrations.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${schemaVersion}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
