import type { Checksums, Entry, Extent, Props, User } from '../../core/values.ts';
import type { Cell } from './database.ts';
import { noParent, rootName } from './schema.ts';

/** Columns of an entry as it is listed: never its blob. */
export const entryColumns =
  'id, parent, home, kind, name, version, size, created, modified, creator, mode, mime, props, checksums, tree';

export type EntryRow = readonly [
  id: string,
  parent: string,
  home: string,
  kind: number,
  name: string,
  version: string,
  size: number,
  created: number,
  modified: number,
  creator: string,
  mode: number | null,
  mime: string | null,
  props: string | null,
  checksums: string | null,
  tree: number,
];

const sha512Head = '{"sha512":"';
const sha512Text = sha512Head.length + 128 + 2;

/** Most files have one checksum; taking it out of its JSON by hand halves the time of a listing. */
function checksumsOf(text: string | null): Checksums | null {
  if (text === null) return null;
  if (text.length === sha512Text && text.startsWith(sha512Head)) {
    return { sha512: text.slice(sha512Head.length, -2) };
  }
  return JSON.parse(text) as Checksums;
}

/** `version` of a folder is its tree version, which the row alone does not know. */
export function toEntry(row: EntryRow, version: string): Entry {
  const [id, parent, home, kind, name] = row;
  const root = parent === noParent;
  return {
    id,
    parent: root ? null : parent,
    home,
    kind: kind === 1 ? 'file' : 'folder',
    name: root ? rootName : name,
    version,
    size: row[6],
    created: row[7],
    modified: row[8],
    creator: row[9],
    mode: row[10],
    mime: row[11],
    props: row[12] === null ? null : (JSON.parse(row[12]) as Props),
    checksums: checksumsOf(row[13]),
  };
}

/** Null rather than an empty object, so that equal states are stored alike. */
export function toJson(values: Readonly<Record<string, string>> | null | undefined): string | null {
  return values == null || Object.keys(values).length === 0 ? null : JSON.stringify(values);
}

export type ExtentRow = readonly [ref: string | null, offset: number, length: number];

export const toExtent = ([ref, offset, length]: ExtentRow): Extent => ({ ref, offset, length });

export const userColumns =
  'u.id, u.login, u.email, u.firstName, u.lastName, u.admin, u.status, u.created, u.home, u.quota, u.removeAfter';

export function toUser(row: readonly Cell[], from = 0): User {
  return {
    id: row[from] as string,
    login: row[from + 1] as string,
    email: row[from + 2] as string | null,
    firstName: row[from + 3] as string,
    lastName: row[from + 4] as string,
    admin: row[from + 5] === 1,
    status: row[from + 6] as User['status'],
    created: row[from + 7] as number,
    home: row[from + 8] as string,
    quota: row[from + 9] as number | null,
    removeAfter: row[from + 10] as number | null,
  };
}
