/** Multistatus (RFC 4918 §13), terse and in a stream: Windows gives up on a folder beyond 1,000,000 bytes. */
import type { Entry } from '../core/values.ts';
import type { Asked } from './propfind-body.ts';
import { type LiveProperty, liveProperties, prefixes, type Surroundings } from './props.ts';
import { escapeAttribute, splitName } from './xml-write.ts';

export const xmlType = 'application/xml; charset="utf-8"';
export const multistatusEnd = '</D:multistatus>';

/** A question made ready for many entries. */
export interface Plan {
  readonly needs: ReadonlySet<'locks' | 'usage'>;
  /** Declaration, root element and the namespaces of what is asked for. */
  readonly start: string;
  /** One `response` element. The href needs no escape: it is percent-encoded. */
  response(href: string, entry: Entry, around: Surroundings): string;
}

type Answer = (entry: Entry, around: Surroundings) => string | undefined;

interface Column {
  readonly answer: Answer;
  /** For the 404 `propstat`. */
  readonly missing: string;
}

const ok = '</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>';
const none = '</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>';

/** `minimal`: without the properties that are not there (RFC 8144 §2.1). */
export function planOf(asked: Asked, minimal: boolean): Plan {
  const declared = new Map([['DAV:', 'D']]);
  if (asked.kind === 'propname') return propnames(declared);
  const all = asked.kind === 'allprop';
  const names = all ? [...commonNames, ...asked.include] : asked.names;
  const columns = [...new Set(names)].map((name) => column(name, declared, all));
  const needs = new Set(names.flatMap((name) => liveProperties.get(name)?.needs ?? []));
  const start = startOf(declared);
  return {
    needs,
    start,
    response(href, entry, around) {
      let found = '';
      let missing = '';
      for (const { answer, missing: empty } of columns) {
        const xml = answer(entry, around);
        if (xml !== undefined) found += xml;
        else missing += empty;
      }
      if (all && entry.props !== null) found += deadProps(entry, names);
      if (minimal || missing === '')
        return `<D:response><D:href>${href}</D:href><D:propstat><D:prop>${found}${ok}</D:response>`;
      const there = found === '' ? '' : `<D:propstat><D:prop>${found}${ok}`;
      return `<D:response><D:href>${href}</D:href>${there}<D:propstat><D:prop>${missing}${none}</D:response>`;
    },
  };
}

const commonNames = [...liveProperties].filter(([, property]) => property.common).map(([name]) => name);

function startOf(declared: ReadonlyMap<string, string>): string {
  const attributes = [...declared].map(([ns, prefix]) => ` xmlns:${prefix}="${escapeAttribute(ns)}"`);
  return `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus${attributes.join('')}>`;
}

/** `all`: `allprop` is about what is there, and says nothing of the rest. */
function column(name: string, declared: Map<string, string>, all: boolean): Column {
  const { ns, local } = splitName(name);
  const prefix = ns === '' ? undefined : (declared.get(ns) ?? prefixes.get(ns) ?? `n${declared.size}`);
  if (prefix !== undefined) declared.set(ns, prefix);
  const missing = all ? '' : `<${prefix === undefined ? local : `${prefix}:${local}`}/>`;
  const live = liveProperties.get(name);
  return { missing, answer: live === undefined ? dead(name) : liveAnswer(name, live) };
}

const dead =
  (name: string): Answer =>
  ({ props }) =>
    props !== null && Object.hasOwn(props, name) ? props[name] : undefined;

function liveAnswer(name: string, { tag, value }: LiveProperty): Answer {
  const [open, close, empty] = [`<${tag}>`, `</${tag}>`, `<${tag}/>`];
  const told = name.startsWith('{urn:schemas-microsoft-com:}') || name === '{DAV:}displayname';
  const stored = told ? dead(name) : undefined;
  return (entry, around) => {
    const kept = stored?.(entry, around);
    if (kept !== undefined) return kept;
    const content = value(entry, around);
    return content === undefined ? undefined : content === '' ? empty : open + content + close;
  };
}

function deadProps({ props }: Entry, but: readonly string[]): string {
  let xml = '';
  for (const name in props) if (!but.includes(name)) xml += props[name];
  return xml;
}

/** All the names an entry has, without values (§9.1.4). */
function propnames(declared: Map<string, string>): Plan {
  for (const [ns, prefix] of prefixes) declared.set(ns, prefix);
  return {
    needs: new Set(['usage']),
    start: startOf(declared),
    response(href, entry, around) {
      let names = '';
      for (const { tag, needs, value } of liveProperties.values()) {
        if (needs === 'locks' || value(entry, around) !== undefined) names += `<${tag}/>`;
      }
      for (const name in entry.props) {
        if (liveProperties.has(name)) continue;
        const { ns, local } = splitName(name);
        names += ns === '' ? `<${local}/>` : `<n:${local} xmlns:n="${escapeAttribute(ns)}"/>`;
      }
      return `<D:response><D:href>${href}</D:href><D:propstat><D:prop>${names}${ok}</D:response>`;
    },
  };
}
