const special = /[&<>\p{Cc}\ufffe\uffff]/u;
const specials = /[&<>\p{Cc}\ufffe\uffff]/gu;
const attributeSpecials = /[&<>"\p{Cc}\ufffe\uffff]/gu;

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** What XML 1.0 cannot carry (a control character in a name) becomes U+FFFD. */
const illegal = (character: string): boolean => character < ' ' || character > '\ufffd';

function reference(character: string): string {
  if (character === '\t' || character === '\n') return character;
  return references[character] ?? (illegal(character) ? '\ufffd' : character);
}

/** A parser would make spaces of them. */
function attributeReference(character: string): string {
  if (character === '\t') return '&#9;';
  return character === '\n' ? '&#10;' : reference(character);
}

/** Text between tags. */
export function escapeXml(text: string): string {
  return special.test(text) ? text.replace(specials, reference) : text;
}

/** Text between double quotes. */
export function escapeAttribute(text: string): string {
  return text.replace(attributeSpecials, attributeReference);
}

export interface ClarkName {
  readonly ns: string;
  readonly local: string;
}

/** `{namespace}local`; without braces: no namespace. */
export function splitName(name: string): ClarkName {
  const end = name.startsWith('{') ? name.lastIndexOf('}') : -1;
  return end === -1 ? { ns: '', local: name } : { ns: name.slice(1, end), local: name.slice(end + 1) };
}

/** A property without its value, in a document whose only declaration is `D`. */
export function propertyName(name: string): string {
  const { ns, local } = splitName(name);
  if (ns === 'DAV:') return `<D:${local}/>`;
  return ns === '' ? `<${local}/>` : `<${local} xmlns="${escapeAttribute(ns)}"/>`;
}
