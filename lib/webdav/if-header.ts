/** The `If` header (RFC 4918 §10.4): its grammar, and its truth against a state that others gather. */
import { StoreError } from '../core/error.ts';

/** Conditions that must all hold for the resource; `null` is the one that the request names. */
export interface IfList {
  readonly resource: string | null;
  readonly conditions: readonly Condition[];
}

/** `value` of an `etag` is as it came: with its quotes, and with `W/` where it is weak. */
export interface Condition {
  readonly not: boolean;
  readonly kind: 'token' | 'etag';
  readonly value: string;
}

/** Never names a lock (§10.4.8), so `Not <DAV:no-lock>` always holds. */
export const noLock = 'DAV:no-lock';

const lengthMax = 16_384;
/** Each tagged resource costs look-ups. */
const resourcesMax = 64;

function malformed(what: string): StoreError {
  return new StoreError('invalid', { message: `The If header is malformed: ${what} (RFC 4918 §10.4.2).` });
}

// One token each time, from where the last one ended; no two branches start alike, so it never backtracks far.
const lexer =
  /[ \t]*(?:(?<mark>[()])|<(?<uri>[^<>\s]+)>|\[(?<etag>(?:W\/)?"[^"\p{Cc}]*")\]|(?<not>not)(?=[ \t<[])|$)/iuy;

interface Lexed {
  readonly mark?: string;
  readonly uri?: string;
  readonly etag?: string;
  readonly not?: string;
}

function* lex(text: string): Generator<Lexed> {
  for (let at = 0; at < text.length; ) {
    lexer.lastIndex = at;
    const found = lexer.exec(text);
    if (found === null) throw malformed(`nothing known at character ${at + 1}`);
    at = lexer.lastIndex;
    yield found.groups as Lexed;
  }
}

/** Throws `invalid` for what is not in the grammar. */
export function parseIf(text: string): readonly IfList[] {
  if (text.length > lengthMax) throw malformed(`it is longer than ${lengthMax} characters`);
  const lists: IfList[] = [];
  const resources = new Set<string>();
  let resource: string | null = null;
  let tagged = false;
  let open: Condition[] | undefined;
  let not = false;
  for (const { mark, uri, etag, not: negation } of lex(text)) {
    if (open === undefined) {
      if (mark === '(') {
        open = [];
        tagged = false;
      } else if (uri !== undefined) {
        if (tagged || (resource === null && lists.length > 0))
          throw malformed('a resource stands where a list should');
        resource = uri;
        tagged = true;
        if (resources.add(uri).size > resourcesMax)
          throw malformed(`it names more than ${resourcesMax} resources`);
      } else if (mark ?? etag ?? negation) throw malformed('something stands outside of a list');
    } else if (negation !== undefined) {
      if (not) throw malformed('Not stands twice');
      not = true;
    } else if (uri !== undefined || etag !== undefined) {
      open.push({ not, kind: uri === undefined ? 'etag' : 'token', value: uri ?? etag ?? '' });
      not = false;
    } else {
      if (mark !== ')' || not || open.length === 0) throw malformed('a list is empty or not closed');
      lists.push({ resource, conditions: open });
      open = undefined;
    }
  }
  if (open !== undefined || tagged || lists.length === 0) throw malformed('it ends too early');
  return lists;
}

export function formatIf(lists: readonly IfList[]): string {
  return lists
    .map(({ resource, conditions }, index) => {
      const tag = resource === null || lists[index - 1]?.resource === resource ? '' : `<${resource}> `;
      return `${tag}(${conditions.map(formatCondition).join(' ')})`;
    })
    .join(' ');
}

function formatCondition({ not, kind, value }: Condition): string {
  return `${not ? 'Not ' : ''}${kind === 'token' ? `<${value}>` : `[${value}]`}`;
}

/** Tokens that count as submitted (§6.5): all that the header names. */
export function submitted(lists: readonly IfList[]): readonly string[] {
  const tokens = lists.flatMap((list) => list.conditions.filter((one) => one.kind === 'token'));
  return [...new Set(tokens.map((one) => one.value))].filter((token) => token !== noLock);
}

/** What is known of a resource; asked only for what the header needs. */
export interface ResourceState {
  /** Quoted; undefined where the resource has none. */
  etag(): Promise<string | undefined>;
  /** Lock tokens (and other state tokens) in whose scope the resource is. */
  tokens(): Promise<readonly string[]>;
}

/** True when one list holds (§10.4.3); an entity tag is compared strongly. */
export async function evaluateIf(
  lists: readonly IfList[],
  stateOf: (resource: string | null) => ResourceState,
): Promise<boolean> {
  for (const list of lists) {
    if (await allHold(list.conditions, stateOf(list.resource))) return true;
  }
  return false;
}

async function allHold(conditions: readonly Condition[], state: ResourceState): Promise<boolean> {
  for (const { not, kind, value } of conditions) {
    const matches =
      kind === 'etag'
        ? (await state.etag()) === value
        : value !== noLock && (await state.tokens()).includes(value);
    if (matches === not) return false;
  }
  return true;
}
