import { StoreError } from '../core/error.ts';
import { type Path, parseName, toPath } from '../core/path.ts';
import type { Urls } from './verb.ts';

/** Names of a URL's path, decoded one by one, and whether it ended in a slash. */
export interface Target {
  readonly names: Path;
  readonly slash: boolean;
}

const plain = /^[\w\-.~!$&'()*+,;=:@/]*$/;
const beyondAscii = /[^\0-\x7e]/;

/**
 * The target of a request line as it came: origin-form or absolute-form. Throws `invalid` for a fragment, a malformed
 * or forbidden escape, and for `.` and `..`, encoded or not: a client resolves them, a server that does is lied to.
 */
export function parseTarget(raw: string): Target {
  const path = pathOf(raw);
  const parts = path.split('/');
  const slash = path.endsWith('/');
  if (plain.test(path)) return { names: toPath(parts.filter((part) => part !== '')), slash };
  if (path.includes('#')) throw bad('A URL path has no fragment; write "#" as %23');
  return { names: toPath(parts.filter((part) => part !== '').map(decode)), slash };
}

const bad = (message: string): StoreError => new StoreError('invalid', { op: 'url', message: `${message}.` });

/** Without origin and query. */
function pathOf(raw: string): string {
  const origin = raw.startsWith('/') ? undefined : /^https?:\/\/[^/?#]*/i.exec(raw)?.[0];
  const query = raw.indexOf('?');
  const path = raw.slice(origin?.length ?? 0, query === -1 ? undefined : query);
  if (query !== -1 && raw.includes('#', query)) throw bad('A request has no fragment');
  if (path === '' || path === '*') return '/';
  if (!path.startsWith('/')) throw bad('The target of the request is no path');
  return path;
}

function decode(part: string): string {
  const encoded = beyondAscii.test(part) ? escapeBytes(part) : part;
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new StoreError('invalid', { op: 'url', message: 'The URL has a malformed %-escape.', cause });
  }
}

/** Some clients send UTF-8 as it is; Node hands its bytes on as Latin-1. */
function escapeBytes(part: string): string {
  return part.replace(/[^\0-\x7e]/g, (byte) =>
    byte.charCodeAt(0) < 256
      ? `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
      : encodeURIComponent(byte),
  );
}

const unreserved = /^[\w\-.~!*'()]*$/;

/** One name as a part of an href: unreserved characters as they are, the others as upper-case %XX. */
export function encodeName(name: string): string {
  return unreserved.test(name) ? name : encodeURIComponent(name);
}

/** `dav.example:443` and `DAV.example` are one place. */
export function sameHost(host: string): string {
  const lower = host.trim().toLowerCase();
  return lower.slice(lower.lastIndexOf('@') + 1).replace(/:(?:80|443)?$/, '');
}

export interface HomeUrlsOptions {
  readonly login: string;
  /** Path of all homes: `homes`. */
  readonly prefix: Path;
  /** Hosts under which this server goes for this request, as `sameHost` writes them. */
  readonly hosts: () => ReadonlySet<string>;
}

/** URLs of one home, as the workspace of its owner: `/homes/ada/x` is `home/x`. */
export function homeUrls({ login, prefix, hosts }: HomeUrlsOptions): Urls {
  const homes = prefix.map((name) => `/${encodeName(name)}`).join('');
  const home = `${homes}/${encodeName(login)}`;
  return {
    principal: `${home}/`,
    href(path, folder) {
      if (path.length === 0) return `${homes}/`;
      let href = path[0] === homeName ? home : `/${encodeName(path[0]!)}`;
      for (let at = 1; at < path.length; at++) href += `/${encodeName(path[at]!)}`;
      return folder ? `${href}/` : href;
    },
    parse(reference) {
      const text = reference.trim();
      const [, scheme, host] = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?/i.exec(text) ?? [];
      if (scheme === undefined && !text.startsWith('/')) throw bad('An absolute URL or path is needed');
      if (scheme !== undefined) {
        if (!/^https?$/i.test(scheme) || host === undefined || !hosts().has(sameHost(host))) return 'foreign';
      }
      if (/[?#]/.test(text)) throw bad('A URL of a file has no query and no fragment; write "?" as %3F');
      return inHome(parseTarget(text), prefix, login);
    },
  };
}

function inHome({ names, slash }: Target, prefix: Path, login: string) {
  const rest = below(names, prefix);
  return rest === undefined || rest.length === 0 ? 'foreign' : { path: pathInHome(rest, login), slash };
}

const homeName = parseName('home');

/** The address in the workspace; `names` come after the prefix of homes. */
export function pathInHome(names: Path, login: string): Path {
  // One answer for every other name, without a look at whether it is somebody's.
  if (names[0] !== login) throw new StoreError('not-found', { op: 'url', message: 'Not found.' });
  return [homeName, ...names.slice(1)];
}

/** What of the names is below the prefix; undefined where they are elsewhere. */
export function below(names: Path, prefix: Path): Path | undefined {
  return prefix.every((name, at) => names[at] === name) ? names.slice(prefix.length) : undefined;
}

/**
 * Whether a raw target is this door's: the root, the folders that lead to the homes, and all below, however it is
 * spelled; a target that is malformed further on is ours to refuse.
 */
export function claims(raw: string, prefix: Path): boolean {
  const path = raw.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  if (path === '*') return true;
  const parts = path.split('/', 2 * prefix.length + 8).filter((part) => part !== '');
  return parts.every((part, at) => at >= prefix.length || loose(part) === prefix[at]);
}

function loose(part: string): string | undefined {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    // Malformed, hence not the name that was looked for.
    return undefined;
  }
}
