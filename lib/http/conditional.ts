/** Preconditions (RFC 9110 §13): their truth now, and what the workspace checks again at commit. */
import { StoreError } from '../core/error.ts';
import type { Entry, Expect } from '../core/values.ts';
import { parseHttpDate } from './dates.ts';

type Headers = Readonly<Record<string, string | undefined>>;
/** What a representation is known by. */
export type Validators = Pick<Entry, 'version' | 'modified'>;

export type Verdict =
  | { readonly outcome: 'pass'; readonly expect?: Expect }
  | { readonly outcome: 'not-modified' }
  | { readonly outcome: 'failed' };

const failed: Verdict = { outcome: 'failed' };
const notModified: Verdict = { outcome: 'not-modified' };
const pass: Verdict = { outcome: 'pass' };

/** True when a header makes the request depend on what is there. */
export function conditional(headers: Headers): boolean {
  return (
    headers['if-match'] !== undefined ||
    headers['if-none-match'] !== undefined ||
    headers['if-unmodified-since'] !== undefined ||
    headers['if-modified-since'] !== undefined
  );
}

/** For a change: what to expect at commit. Throws `stale`. */
export function evaluate(headers: Headers, found: Validators | undefined): Expect | undefined {
  const verdict = weigh(headers, found, false);
  if (verdict.outcome === 'pass') return verdict.expect;
  const message = 'It is not as the request expects: it was changed, or came or went; look again and retry.';
  throw new StoreError('stale', { message });
}

/** For GET and HEAD of what is there. */
export function evaluateRead(headers: Headers, found: Validators): Verdict {
  return conditional(headers) ? weigh(headers, found, true) : pass;
}

/** In the order of §13.2.2. `reading`: GET or HEAD. */
function weigh(headers: Headers, found: Validators | undefined, reading: boolean): Verdict {
  const match = headers['if-match'];
  const unmodified = headers['if-unmodified-since'];
  let expect: Expect | undefined;
  if (match !== undefined) {
    const tags = parseTags(match);
    if (found === undefined || !(tags === '*' || tags.some((tag) => sameStrong(tag, found)))) return failed;
    expect = tags === '*' ? 'present' : found.version;
  } else if (unmodified !== undefined) {
    const time = parseHttpDate(unmodified);
    if (time !== undefined) {
      if (found === undefined || seconds(found.modified) > time) return failed;
      expect = found.version;
    }
  }
  const none = headers['if-none-match'];
  if (none !== undefined) {
    const tags = parseTags(none);
    const met = found !== undefined && (tags === '*' || tags.some((tag) => tag.value === found.version));
    if (met) return reading ? notModified : failed;
    if (expect === undefined || expect === 'present') expect = found?.version ?? 'absent';
  } else if (reading && found !== undefined && headers['if-modified-since'] !== undefined) {
    const time = parseHttpDate(headers['if-modified-since']);
    if (time !== undefined && seconds(found.modified) <= time) return notModified;
  }
  return expect === undefined ? pass : { outcome: 'pass', expect };
}

/**
 * If-Range (§13.1.5), compared strongly. A date never holds: clients set modification times here, so equal dates do
 * not mean equal bytes.
 */
export function rangeHolds(header: string | undefined, found: Validators): boolean {
  if (header === undefined) return true;
  return header.trim() === `"${found.version}"`;
}

const seconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

interface Tag {
  readonly weak: boolean;
  readonly value: string;
}

const sameStrong = (tag: Tag, found: Validators): boolean => !tag.weak && tag.value === found.version;

const lexer = /[ \t]*(?:(W\/)?"([^"]*)"|([^\s,"]+))?[ \t]*(,|$)/y;

/** A list of entity tags; one without its quotes, as some clients send it, is taken for what it means. */
function parseTags(header: string): readonly Tag[] | '*' {
  if (header.trim() === '*') return '*';
  const tags: Tag[] = [];
  for (let at = 0; at < header.length; at = lexer.lastIndex) {
    lexer.lastIndex = at;
    const found = lexer.exec(header);
    if (found === null) throw new StoreError('invalid', { message: 'A list of entity tags is malformed.' });
    const value = found[2] ?? found[3];
    if (value !== undefined) tags.push({ weak: found[1] !== undefined, value });
  }
  return tags;
}
