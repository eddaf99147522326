/** Range requests (RFC 9110 §14), for bytes alone. */
import { randomBytes } from 'node:crypto';
import type { Body } from '../core/values.ts';

/** Both ends lie within the content. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** `ignore`: answer with the whole, as §14.2 wants it for what is not understood. */
export type Ranges = readonly Span[] | 'ignore' | 'unsatisfiable';

/** More ranges than any client needs: a way to make a server work for nothing (§17.15). */
const rangesMax = 64;
/** What a part's own headers cost: a gap below it is cheaper to send than to skip. */
const gap = 128;

export function parseRanges(header: string | undefined, size: number): Ranges {
  if (header === undefined) return 'ignore';
  const set = /^[ \t]*bytes[ \t]*=(.*)$/i.exec(header)?.[1];
  if (set === undefined || header.length > 4096) return 'ignore';
  const parts = set.split(',').map((part) => part.trim());
  const asked = parts.filter((part) => part !== '');
  if (asked.length === 0 || asked.length > rangesMax) return 'ignore';
  const spans: Span[] = [];
  for (const part of asked) {
    const span = parseSpan(part, size);
    if (span === 'malformed') return 'ignore';
    if (span !== undefined) spans.push(span);
  }
  return spans.length === 0 ? 'unsatisfiable' : coalesce(spans);
}

/** Undefined: well-formed, and beyond the content. */
function parseSpan(part: string, size: number): Span | undefined | 'malformed' {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(part) ?? [];
  if (first === '' && last === '') return 'malformed';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? undefined : { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return 'malformed';
  if (offset >= size) return undefined;
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return { offset, length: end - offset + 1 };
}

/** Overlapping and neighbouring ranges become one (§15.3.7.2); where none does, the client's order stays. */
function coalesce(spans: readonly Span[]): readonly Span[] {
  if (spans.length === 1) return spans;
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.offset - b.offset)) {
    const last = merged.at(-1);
    if (last === undefined || span.offset > last.offset + last.length + gap) {
      merged.push(span);
      continue;
    }
    const end = Math.max(last.offset + last.length, span.offset + span.length);
    merged[merged.length - 1] = { offset: last.offset, length: end - last.offset };
  }
  return merged.length === spans.length ? spans : merged;
}

export const contentRange = ({ offset, length }: Span, size: number): string =>
  `bytes ${offset}-${offset + length - 1}/${size}`;

export interface Parts {
  readonly type: string;
  /** Bytes of the whole reply. */
  readonly length: number;
  readonly body: AsyncIterable<Uint8Array | string>;
}

/** `multipart/byteranges`, one part after the other; `open` is asked for a part when its turn comes. */
export function multipart(
  spans: readonly Span[],
  content: { readonly size: number; readonly type: string },
  open: (span: Span, index: number) => Promise<Body>,
): Parts {
  const boundary = randomBytes(18).toString('base64url');
  const heads = spans.map(
    (span) =>
      `\r\n--${boundary}\r\nContent-Type: ${content.type}\r\nContent-Range: ${contentRange(span, content.size)}\r\n\r\n`,
  );
  const tail = `\r\n--${boundary}--\r\n`;
  const framing = heads.reduce((sum, head) => sum + Buffer.byteLength(head), Buffer.byteLength(tail));
  async function* body(): AsyncGenerator<Uint8Array | string> {
    for (const [index, span] of spans.entries()) {
      yield heads[index]!;
      const part = await open(span, index);
      if (part instanceof Uint8Array) yield part;
      else yield* part;
    }
    yield tail;
  }
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    length: spans.reduce((sum, span) => sum + span.length, framing),
    body: body(),
  };
}
