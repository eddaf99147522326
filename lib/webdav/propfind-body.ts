import { StoreError } from '../core/error.ts';
import { elementsOf, type XmlElement } from './xml-element.ts';
import { parseXml } from './xml-read.ts';

/** What a PROPFIND asks for (RFC 4918 §14.20). Names are Clark names. */
export type Asked =
  | { readonly kind: 'allprop'; readonly include: readonly string[] }
  | { readonly kind: 'propname' }
  | { readonly kind: 'prop'; readonly names: readonly string[] };

const everything: Asked = { kind: 'allprop', include: [] };

/** Clients ask the same few questions over and over. */
const known = new Map<string, Asked>();
const knownMax = 256;
const keptLength = 4_096;
const namesMax = 1_000;

export async function readAsked(body: AsyncIterable<Uint8Array>, length: number | null): Promise<Asked> {
  if (length === 0) return everything;
  if (length !== null && length > keptLength) return meaning(await parseXml(body));
  const start = await firstBytes(body, keptLength);
  if (start.rest !== undefined) return meaning(await parseXml(chained(start.bytes, start.rest)));
  if (start.bytes.length === 0) return everything;
  const key = start.bytes.toString('latin1');
  const before = known.get(key);
  if (before !== undefined) return before;
  const asked = meaning(await parseXml(chained(start.bytes)));
  if (known.size >= knownMax) known.clear();
  known.set(key, asked);
  return asked;
}

interface Start {
  readonly bytes: Buffer;
  /** What comes after them, where there is more. */
  readonly rest: AsyncIterator<Uint8Array> | undefined;
}

async function firstBytes(body: AsyncIterable<Uint8Array>, most: number): Promise<Start> {
  const chunks = body[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const step = await chunks.next();
    if (step.done === true) return { bytes: Buffer.concat(pieces), rest: undefined };
    // A chunk is ours only until we ask for the next.
    pieces.push(Buffer.from(step.value));
    size += step.value.length;
    if (size > most) return { bytes: Buffer.concat(pieces), rest: chunks };
  }
}

async function* chained(start: Uint8Array, rest?: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  try {
    for (let step = await rest?.next(); step !== undefined && step.done !== true; step = await rest?.next()) {
      yield step.value;
    }
  } finally {
    await rest?.return?.();
  }
}

const bad = (message: string): StoreError => new StoreError('invalid', { op: 'PROPFIND', message });

function meaning(root: XmlElement | undefined): Asked {
  if (root === undefined) return everything;
  if (root.name !== '{DAV:}propfind') throw bad('The body of PROPFIND must be a DAV:propfind.');
  const children = elementsOf(root);
  const only = (name: string) => {
    const found = children.filter((child) => child.name === `{DAV:}${name}`);
    if (found.length > 1) throw bad(`DAV:propfind has more than one DAV:${name}.`);
    return found[0];
  };
  const [prop, allprop, propname, include] = [
    only('prop'),
    only('allprop'),
    only('propname'),
    only('include'),
  ];
  if ([prop, allprop, propname].filter((one) => one !== undefined).length !== 1) {
    throw bad('DAV:propfind needs one of DAV:prop, DAV:allprop and DAV:propname.');
  }
  if (propname !== undefined) return { kind: 'propname' };
  if (prop !== undefined) return { kind: 'prop', names: namesIn(prop) };
  return { kind: 'allprop', include: include === undefined ? [] : namesIn(include) };
}

function namesIn(element: XmlElement): readonly string[] {
  const names = [...new Set(elementsOf(element).map((child) => child.name))];
  if (names.length > namesMax)
    throw new StoreError('too-large', { message: 'More than 1,000 properties are asked for.' });
  return names;
}
