/** Live properties that a client may set, and those that only the server knows. */
import { StoreError } from '../core/error.ts';
import type { Annotation, Entry } from '../core/values.ts';
import { liveProperties } from './props.ts';
import { parseMime } from './told.ts';

type Setter = (text: string, entry: Pick<Entry, 'mode'>) => Annotation;

const modified: Setter = (text) => ({ modified: parseTime(text) });
const type: Setter = (text) => ({ mime: mediaType(text) });
const created: Setter = (text) => ({ created: parseTime(text) });

/** Clark names. Windows sets its times after each write; sync clients set `getlastmodified` or `lastmodified`. */
export const settable: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['{DAV:}getlastmodified', modified],
  ['{DAV:}lastmodified', modified],
  ['{DAV:}creationdate', created],
  ['{DAV:}getcontenttype', type],
  ['{urn:schemas-microsoft-com:}Win32LastModifiedTime', modified],
  ['{urn:schemas-microsoft-com:}Win32CreationTime', created],
  ['{http://apache.org/dav/props/}executable', (text, entry) => ({ mode: executable(text, entry.mode) })],
]);

/** Live for who asks, and kept as they were set: the server has no other use for them. */
const kept: ReadonlySet<string> = new Set([
  '{DAV:}displayname',
  '{urn:schemas-microsoft-com:}Win32LastAccessTime',
  '{urn:schemas-microsoft-com:}Win32FileAttributes',
]);

const reserved: ReadonlySet<string> = new Set(
  ['group', 'acl', 'principal-URL', 'sync-token', 'supported-live-property-set'].map(
    (name) => `{DAV:}${name}`,
  ),
);

/** What only the server knows. */
export function isProtected(name: string): boolean {
  return reserved.has(name) || (liveProperties.has(name) && !settable.has(name) && !kept.has(name));
}

/** An HTTP date (RFC 9110 §5.6.7), ISO 8601, or seconds since 1970. */
function parseTime(text: string): number {
  const time = /^\d{1,12}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(time))
    throw new StoreError('invalid', { message: `${JSON.stringify(text)} is not a time.` });
  return time;
}

function mediaType(text: string): string {
  const mime = parseMime(text);
  if (mime === undefined)
    throw new StoreError('invalid', { message: `${JSON.stringify(text)} is no media type.` });
  return mime;
}

function executable(text: string, mode: number | null): number {
  const flag = text.trim().toUpperCase();
  if (flag !== 'T' && flag !== 'F') throw new StoreError('invalid', { message: 'executable is T or F.' });
  return flag === 'T' ? (mode ?? 0o644) | 0o111 : (mode ?? 0o644) & ~0o111;
}
