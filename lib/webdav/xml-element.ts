import { escapeAttribute, escapeXml } from './xml-write.ts';

export interface XmlAttribute {
  readonly ns: string;
  readonly local: string;
  readonly prefix: string;
  readonly value: string;
}

export interface XmlElement {
  /** Clark name: `{DAV:}prop`, `{}prop` without a namespace. */
  readonly name: string;
  readonly ns: string;
  readonly local: string;
  readonly prefix: string;
  /** Without the declarations of namespaces. */
  readonly attributes: readonly XmlAttribute[];
  /** Declarations of its own: prefix (empty for the default) to namespace. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** `xml:lang` in scope, inherited ones too. */
  readonly lang: string | undefined;
  readonly children: readonly (XmlElement | string)[];
}

export function elementsOf(element: XmlElement): readonly XmlElement[] {
  return element.children.filter((child) => typeof child !== 'string');
}

/** Its own text, without that of its children. */
export function textOf(element: XmlElement): string {
  return element.children.filter((child) => typeof child === 'string').join('');
}

type Scope = ReadonlyMap<string, string>;

const bare: Scope = new Map([
  ['', ''],
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
]);

/** Self-contained: whatever it needs of the declarations and the language around it is in it. */
export function serializeElement(element: XmlElement): string {
  return write(element, bare, element.lang);
}

/** The children, each self-contained. */
export function innerXml(element: XmlElement): string {
  return element.children
    .map((child) => (typeof child === 'string' ? escapeXml(child) : write(child, bare)))
    .join('');
}

function write(element: XmlElement, outer: Scope, lang?: string): string {
  const declared = declarations(element, outer);
  const tag = qualified(element.prefix, element.local);
  const hasLang = element.attributes.some(({ prefix, local }) => prefix === 'xml' && local === 'lang');
  let head = tag;
  for (const [prefix, ns] of declared) {
    head += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(ns)}"`;
  }
  if (lang !== undefined && !hasLang) head += ` xml:lang="${escapeAttribute(lang)}"`;
  for (const { prefix, local, value } of element.attributes) {
    head += ` ${qualified(prefix, local)}="${escapeAttribute(value)}"`;
  }
  if (element.children.length === 0) return `<${head}/>`;
  const scope = declared.size === 0 ? outer : new Map([...outer, ...declared]);
  const inner = element.children.map((child) =>
    typeof child === 'string' ? escapeXml(child) : write(child, scope),
  );
  return `<${head}>${inner.join('')}</${tag}>`;
}

const qualified = (prefix: string, local: string): string => (prefix === '' ? local : `${prefix}:${local}`);

/** Its own, and those that it uses; none that is in force already. */
function declarations(element: XmlElement, outer: Scope): ReadonlyMap<string, string> {
  const needed = new Map(Object.entries(element.namespaces));
  needed.set(element.prefix, element.ns);
  for (const { prefix, ns } of element.attributes) if (prefix !== '') needed.set(prefix, ns);
  for (const [prefix, ns] of needed) if (outer.get(prefix) === ns) needed.delete(prefix);
  return needed;
}
