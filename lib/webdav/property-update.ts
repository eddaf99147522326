/** `set` and `remove` in the order of the document, as one change (RFC 4918 §9.2, RFC 5689 §3). */
import { isStoreError } from '../core/error.ts';
import type { Annotation, Entry, Props } from '../core/values.ts';
import { isProtected, settable } from './settable.ts';
import { elementsOf, serializeElement, textOf, type XmlElement } from './xml-element.ts';

export interface Instruction {
  readonly action: 'set' | 'remove';
  readonly property: XmlElement;
}

export interface Refusal {
  readonly status: 403 | 409 | 507;
  /** Precondition code in the prefix `D`. */
  readonly condition?: string;
}

export interface Plan {
  readonly annotation: Annotation;
  /** All names, in the order in which they first came. */
  readonly names: readonly string[];
  /** Names that cannot be done; with any, nothing is. */
  readonly refused: ReadonlyMap<string, Refusal>;
}

/** One property, and all of an entry: Windows gives up on a folder whose properties are more than 1,000,000 bytes. */
const valueMax = 65_536;
const totalMax = 262_144;

export function instructions(update: XmlElement): readonly Instruction[] {
  return elementsOf(update).flatMap((block) => {
    if (block.name !== '{DAV:}set' && block.name !== '{DAV:}remove') return [];
    const action = block.name === '{DAV:}set' ? 'set' : 'remove';
    const props = elementsOf(block).filter((child) => child.name === '{DAV:}prop');
    return props.flatMap((prop) => elementsOf(prop).map((property) => ({ action, property }) as const));
  });
}

/** What the instructions come to; `live`: whether live properties may be set. */
export function plan(steps: readonly Instruction[], entry: Pick<Entry, 'mode' | 'props'>): Plan {
  const dead = new Map<string, string | null>();
  const refused = new Map<string, Refusal>();
  let live: Annotation = {};
  for (const { action, property } of steps) {
    const { name } = property;
    if (isProtected(name))
      refused.set(name, { status: 403, condition: '<D:cannot-modify-protected-property/>' });
    else if (settable.has(name)) {
      const change = action === 'set' ? applied(name, property, { ...entry, ...live }) : undone(name);
      if (change === undefined) refused.set(name, { status: 409 });
      else live = { ...live, ...change };
    } else dead.set(name, action === 'set' ? serializeElement(property) : null);
  }
  for (const name of oversized(dead, entry.props ?? {})) refused.set(name, { status: 507 });
  const names = [...new Set(steps.map((step) => step.property.name))];
  return { annotation: { ...live, ...split(dead) }, names, refused };
}

function applied(name: string, property: XmlElement, entry: Pick<Entry, 'mode'>): Annotation | undefined {
  try {
    return settable.get(name)?.(textOf(property), entry);
  } catch (error) {
    if (isStoreError(error, 'invalid')) return undefined;
    throw error;
  }
}

/** A live property has always some value; only `executable` has one to fall back to. */
function undone(name: string): Annotation | undefined {
  return name === '{http://apache.org/dav/props/}executable'
    ? settable.get(name)?.('F', { mode: null })
    : undefined;
}

function oversized(dead: ReadonlyMap<string, string | null>, before: Props): readonly string[] {
  const after = new Map<string, string | null>([...Object.entries(before), ...dead]);
  const total = [...after].reduce(
    (sum, [name, xml]) => sum + (xml === null ? 0 : name.length + xml.length),
    0,
  );
  const set = [...dead].filter(([, xml]) => xml !== null);
  return set.filter(([, xml]) => total > totalMax || (xml ?? '').length > valueMax).map(([name]) => name);
}

function split(dead: ReadonlyMap<string, string | null>): Annotation {
  const set = [...dead].filter((one): one is [string, string] => one[1] !== null);
  const remove = [...dead].filter(([, xml]) => xml === null).map(([name]) => name);
  return {
    ...(set.length === 0 ? {} : { set: Object.fromEntries(set) }),
    ...(remove.length === 0 ? {} : { remove }),
  };
}
