import { StoreError } from './error.ts';

/** One name of a path, checked by `parseName`: 1 to 255 bytes of UTF-8, no `/`, no NUL, not `.` or `..`. */
export type Name = string & { readonly __name: never };

/** Names from an address downwards; the empty path is the address itself. */
export type Path = readonly Name[];

/** Bytes of one name, as in POSIX `NAME_MAX` on Linux. */
export const nameMax = 255;
/** Names in one path; deeper trees are addressed through a folder's id. */
export const depthMax = 512;

const encoder = new TextEncoder();

/** The only place, with `parsePath`, where a string becomes a Name. Keeps the bytes as they are. */
export function parseName(text: string): Name {
  if (text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0')) {
    throw new StoreError('invalid', { message: `${JSON.stringify(text)} cannot be a name` });
  }
  if (!text.isWellFormed()) {
    throw new StoreError('invalid', { message: 'a name must be well-formed Unicode' });
  }
  if (text.length > nameMax || (text.length * 3 > nameMax && encoder.encode(text).length > nameMax)) {
    throw new StoreError('invalid', { message: `a name is longer than ${nameMax} bytes` });
  }
  return text as Name;
}

/** `/`-separated text to a Path; empty parts (doubled or outer slashes) are dropped, `.` and `..` refused. */
export function parsePath(text: string): Path {
  const parts = text.split('/').filter((part) => part !== '');
  return toPath(parts);
}

/** Parts that were split and decoded already (by a URL parser, say) to a Path. */
export function toPath(parts: readonly string[]): Path {
  if (parts.length > depthMax) {
    throw new StoreError('invalid', { message: `a path has more than ${depthMax} names` });
  }
  return parts.map(parseName);
}

/** For messages and logs: `/a/b`. */
export function formatPath(path: readonly string[]): string {
  return `/${path.join('/')}`;
}

/** The spelling in which a new name is stored: Unicode NFC, so that macOS (NFD) and others meet. */
export function newName(name: Name): Name {
  return parseName(name.normalize('NFC'));
}

const ascii = /^[\0-\x7f]*$/;

/** Spellings under which an existing name is looked up, the exact one first. */
export function spellings(name: string): readonly string[] {
  if (ascii.test(name)) return [name];
  return [...new Set([name, name.normalize('NFC'), name.normalize('NFD')])];
}
