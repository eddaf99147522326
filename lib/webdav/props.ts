/** Live properties (RFC 4918 §15 and its kin): one line each, from an entry that is at hand already. */
import type { HeldLock } from '../core/contracts.ts';
import type { Entry, Principal, Usage } from '../core/values.ts';
import { checksumText } from '../http/content.ts';
import { httpDate, isoDate } from '../http/dates.ts';
import { mediaType } from '../http/media-type.ts';
import { activeLock } from './lock-xml.ts';
import type { Urls } from './verb.ts';
import { escapeXml } from './xml-write.ts';

/** What of a request the properties of all its entries share. */
export interface Surroundings {
  readonly principal: Principal;
  readonly urls: Urls;
  readonly now: number;
  /** Present when `needs` asked for it. */
  readonly usage: Usage | undefined;
  locksOf(entry: Entry): readonly HeldLock[];
  /** Where the entry is called otherwise in its URL: the home, by its login. */
  nameOf(entry: Entry): string;
}

export interface LiveProperty {
  /** Its name with the prefix that `prefixes` gives its namespace. */
  readonly tag: string;
  /** Part of `allprop`. The others cost, or are long, and have to be named. */
  readonly common: boolean;
  readonly needs?: 'locks' | 'usage';
  /** The content of the element; undefined: this entry has no such property. */
  value(entry: Entry, around: Surroundings): string | undefined;
}

/** `D` is declared always, the others when a property of theirs is asked for. */
export const prefixes: ReadonlyMap<string, string> = new Map([
  ['DAV:', 'D'],
  ['http://owncloud.org/ns', 'o'],
  ['http://apache.org/dav/props/', 'a'],
  ['urn:schemas-microsoft-com:', 'm'],
]);

type Value = LiveProperty['value'];
type Row = readonly [local: string, value: Value, needs?: 'locks' | 'usage'];

const locktype = '<D:locktype><D:write/></D:locktype>';
const supportedlock = ['exclusive', 'shared']
  .map((scope) => `<D:lockentry><D:lockscope><D:${scope}/></D:lockscope>${locktype}</D:lockentry>`)
  .join('');

const isFolder = (entry: Entry): boolean => entry.kind === 'folder';

/** In `allprop` (RFC 4918 §9.1). */
const common: readonly Row[] = [
  ['resourcetype', (entry) => (isFolder(entry) ? '<D:collection/>' : '')],
  ['creationdate', (entry) => isoDate(entry.created)],
  ['displayname', (entry, around) => escapeXml(around.nameOf(entry))],
  ['getcontentlength', (entry) => (isFolder(entry) ? undefined : String(entry.size))],
  ['getcontenttype', (entry) => (isFolder(entry) ? 'httpd/unix-directory' : escapeXml(mediaType(entry)))],
  ['getetag', (entry) => `"${escapeXml(entry.version)}"`],
  ['getlastmodified', (entry) => httpDate(entry.modified)],
  ['supportedlock', () => supportedlock],
  ['lockdiscovery', lockdiscovery, 'locks'],
];

function lockdiscovery(entry: Entry, around: Surroundings): string {
  const locks = around.locksOf(entry);
  if (locks.length === 0) return '';
  // A lock that is held higher up is held by a folder.
  const folder = (lock: HeldLock) => lock.entry !== entry.id || isFolder(entry);
  return locks
    .map((lock) => activeLock(lock, around.urls.href(lock.path, folder(lock)), around.now))
    .join('');
}

const privileges = (names: readonly string[]): string =>
  names.map((name) => `<D:privilege><D:${name}/></D:privilege>`).join('');
const readPrivileges = privileges(['read', 'read-current-user-privilege-set']);
const writePrivileges =
  readPrivileges + privileges(['write', 'write-content', 'write-properties', 'bind', 'unbind', 'unlock']);

const methods = (names: string): string =>
  names
    .split(' ')
    .map((name) => `<D:supported-method name="${name}"/>`)
    .join('');
const both = 'OPTIONS GET HEAD DELETE COPY MOVE LOCK UNLOCK PROPFIND PROPPATCH REPORT';
const fileMethods = methods(`${both} PUT PATCH`);
const folderMethods = methods(`${both} MKCOL`);

const principalHref = (_: Entry, { urls }: Surroundings): string => `<D:href>${urls.principal}</D:href>`;

/** RFC 4331, 5397, 3744, 3253. */
const named: readonly Row[] = [
  [
    'quota-used-bytes',
    (entry, { usage }) => (isFolder(entry) ? usage && String(usage.used) : undefined),
    'usage',
  ],
  ['quota-available-bytes', (entry, { usage }) => (isFolder(entry) ? available(usage) : undefined), 'usage'],
  ['current-user-principal', principalHref],
  ['owner', principalHref],
  ['current-user-privilege-set', (_, { principal }) => (principal.write ? writePrivileges : readPrivileges)],
  ['supported-report-set', () => ''],
  ['supported-method-set', (entry) => (isFolder(entry) ? folderMethods : fileMethods)],
];

/** Without a limit there is nothing to tell (RFC 4331 §3). */
function available(usage: Usage | undefined): string | undefined {
  return usage === undefined || usage.quota === null
    ? undefined
    : String(Math.max(0, usage.quota - usage.used));
}

/** What ownCloud's and Nextcloud's clients ask for. */
const owncloud: readonly Row[] = [
  ['id', (entry) => entry.id],
  ['fileid', (entry) => entry.id],
  ['size', (entry) => (isFolder(entry) ? undefined : String(entry.size))],
  ['permissions', (entry, { principal }) => (principal.write ? (isFolder(entry) ? 'GDNVCK' : 'GDNVW') : 'G')],
  ['owner-id', (_, { principal }) => escapeXml(principal.login)],
  ['owner-display-name', (_, { principal }) => escapeXml(principal.login)],
  ['checksums', (entry) => checksums(entry)],
];

function checksums(entry: Entry): string | undefined {
  const text = checksumText(entry);
  return text === undefined ? undefined : `<o:checksum>${escapeXml(text)}</o:checksum>`;
}

const apache: readonly Row[] = [
  ['executable', (entry) => (isFolder(entry) ? undefined : ((entry.mode ?? 0) & 0o111) === 0 ? 'F' : 'T')],
];

/** The times are the entry's own; what Windows stored of the other two is found before these are asked. */
const microsoft: readonly Row[] = [
  ['Win32CreationTime', (entry) => httpDate(entry.created)],
  ['Win32LastModifiedTime', (entry) => httpDate(entry.modified)],
  ['Win32LastAccessTime', (entry) => httpDate(entry.modified)],
  ['Win32FileAttributes', (entry) => (isFolder(entry) ? '00000010' : '00000020')],
];

function rows(ns: string, list: readonly Row[], inAllprop = false): readonly [string, LiveProperty][] {
  return list.map(([local, value, needs]) => {
    const property = { tag: `${prefixes.get(ns)}:${local}`, common: inAllprop, value };
    return [`{${ns}}${local}`, needs === undefined ? property : { ...property, needs }];
  });
}

/** By Clark name. */
export const liveProperties: ReadonlyMap<string, LiveProperty> = new Map([
  ...rows('DAV:', common, true),
  ...rows('DAV:', named),
  ...rows('http://owncloud.org/ns', owncloud),
  ...rows('http://apache.org/dav/props/', apache),
  ...rows('urn:schemas-microsoft-com:', microsoft),
]);
