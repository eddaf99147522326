import { TextDecoder } from 'node:util';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { isStoreError, StoreError } from '../core/error.ts';
import type { XmlAttribute, XmlElement } from './xml-element.ts';

export interface XmlLimits {
  readonly bytes?: number;
  readonly depth?: number;
  readonly elements?: number;
}

const usual = { bytes: 1_048_576, depth: 64, elements: 20_000 } as const;

/**
 * The root of an XML document in UTF-8 or UTF-16; undefined for an empty body. No DOCTYPE, hence no entities but the
 * five. Throws `invalid` for what is not well-formed, namespaces included, and `too-large`.
 */
export async function parseXml(
  body: AsyncIterable<Uint8Array>,
  limits: XmlLimits = {},
): Promise<XmlElement | undefined> {
  const max = { ...usual, ...limits };
  const reader = treeReader(max);
  let decoder: TextDecoder | undefined;
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > max.bytes) throw tooLarge(`The XML body is longer than ${max.bytes} bytes.`);
    if (chunk.length === 0) continue;
    decoder ??= decoderOf(chunk);
    reader.write(decode(decoder, chunk));
  }
  if (decoder === undefined) return undefined;
  reader.write(decode(decoder));
  return reader.end();
}

const tooLarge = (message: string): StoreError => new StoreError('too-large', { message });

function invalid(what: string, cause?: unknown): StoreError {
  return new StoreError('invalid', { message: `The XML of the body cannot be read: ${what}`, cause });
}

/** By the byte order mark; a body that begins with half of one is no XML anyway. */
function decoderOf([first, second]: Uint8Array): TextDecoder {
  const utf16 =
    first === 0xfe && second === 0xff ? 'utf-16be' : first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(utf16, { fatal: true });
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw invalid(`it is not ${decoder.encoding.toUpperCase()}.`, cause);
  }
}

interface Growing extends XmlElement {
  readonly children: (XmlElement | string)[];
}

interface TreeReader {
  write(text: string): void;
  end(): XmlElement;
}

function treeReader(max: Required<XmlLimits>): TreeReader {
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
  });
  const open: Growing[] = [];
  let root: XmlElement | undefined;
  let count = 0;
  const text = (piece: string) => void open.at(-1)?.children.push(piece);
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(utf-8|utf-16|us-ascii)$/i.test(encoding))
      throw invalid('send it as UTF-8.');
  });
  parser.on('doctype', () => {
    throw invalid('a DOCTYPE is not accepted.');
  });
  parser.on('opentag', (tag) => {
    count += 1;
    if (count > max.elements) throw tooLarge(`The XML body has more than ${max.elements} elements.`);
    if (open.length >= max.depth) throw tooLarge(`The XML body is more than ${max.depth} elements deep.`);
    const element = growing(tag, open.at(-1));
    root ??= element;
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', text);
  parser.on('cdata', text);
  const guarded = (step: () => void) => {
    try {
      step();
    } catch (error) {
      if (isStoreError(error)) throw error;
      throw invalid(error instanceof Error ? error.message : 'it is not well-formed.', error);
    }
  };
  return {
    write: (piece) => guarded(() => void parser.write(piece)),
    end: () => {
      guarded(() => void parser.close());
      if (root === undefined) throw invalid('it has no element.');
      return root;
    },
  };
}

function growing(tag: SaxesTagNS, parent: XmlElement | undefined): Growing {
  const attributes: XmlAttribute[] = [];
  let lang = parent?.lang;
  for (const name in tag.attributes) {
    const { prefix, local, uri, value } = tag.attributes[name]!;
    if (prefix === 'xmlns' || (prefix === '' && local === 'xmlns')) continue;
    if (prefix === 'xml' && local === 'lang') lang = value;
    attributes.push({ ns: uri, local, prefix, value });
  }
  const { prefix, local, uri: ns } = tag;
  return {
    name: `{${ns}}${local}`,
    ns,
    local,
    prefix,
    attributes,
    namespaces: { ...tag.ns },
    lang,
    children: [],
  };
}
