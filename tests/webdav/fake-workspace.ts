/**
 * A test double: a Workspace in memory, for tests of the reading verbs and of the handler alone. It knows no rights,
 * no quota and no journal; what a real one does is for `tests/conformance/workspace.ts` to say.
 */
import { createHash } from 'node:crypto';
import type { HeldLock, Workspace, Workspaces } from '../../lib/core/contracts.ts';
import { StoreError } from '../../lib/core/error.ts';
import { parsePath } from '../../lib/core/path.ts';
import type { Address, Body, Entry, Principal } from '../../lib/core/values.ts';

interface Node {
  entry: Entry;
  body: Uint8Array;
  readonly members: Map<string, Node>;
}

const homeId = 'a'.repeat(24);

export const ada: Principal = {
  user: 'b'.repeat(24),
  login: 'ada',
  admin: false,
  home: homeId,
  write: true,
  root: null,
  credential: 'laptop',
};

export interface FakeWorkspace extends Workspaces {
  readonly workspace: Workspace;
  /** Makes or replaces; folders above are made too. */
  file(path: string, content?: string | Uint8Array, changes?: Partial<Entry>): Entry;
  folder(path: string, changes?: Partial<Entry>): Entry;
  locks: readonly HeldLock[];
  /** Called before bytes are read, to change something under the reader. */
  beforeRead: () => void;
  /** Replaces what `read` gives as the body. */
  bodyOf: (content: Uint8Array) => Body;
  pageSize: number;
  /** Replaces what `list` gives. */
  listOf: (() => AsyncIterable<readonly Entry[]>) | undefined;
}

export function fakeWorkspace(now = Date.UTC(2026, 0, 2, 3, 4, 5)): FakeWorkspace {
  let ids = 0;
  const make = (
    name: string,
    parent: Node | undefined,
    changes: Partial<Entry>,
    body: Uint8Array = new Uint8Array(0),
  ) => {
    const kind = changes.kind ?? 'file';
    const version =
      kind === 'file' ? createHash('sha256').update(body).digest('hex').slice(0, 32) : `f${++ids}`;
    const id = parent === undefined ? homeId : (++ids).toString(16).padStart(24, '0');
    const [created, modified] = [now, now];
    const none = { mode: null, mime: null, props: null, checksums: null };
    const base = {
      id,
      parent: parent?.entry.id ?? null,
      home: homeId,
      kind,
      name,
      version,
      size: body.length,
    };
    const entry: Entry = { ...base, created, modified, creator: ada.user, ...none, ...changes };
    const node: Node = { entry, body, members: new Map() };
    parent?.members.set(name, node);
    return node;
  };
  const home = make('home', undefined, { kind: 'folder' });

  const above = (names: readonly string[]): Node => {
    let node = home;
    for (const name of names) node = node.members.get(name) ?? make(name, node, { kind: 'folder' });
    return node;
  };
  const find = ({ path }: Address): Node => {
    let node: Node | undefined = path[0] === 'home' ? home : undefined;
    for (const name of path.slice(1)) node = node?.members.get(name);
    if (node === undefined) throw new StoreError('not-found', { path: `/${path.join('/')}` });
    return node;
  };

  const reading: Pick<Workspace, 'stat' | 'list' | 'read'> = {
    stat: async (at) => find(at).entry,
    async *list(at, after) {
      if (fake.listOf !== undefined) {
        yield* fake.listOf();
        return;
      }
      const entries = [...find(at).members.values()].map((node) => node.entry);
      const rest = after === undefined ? entries : entries.filter(({ name }) => name > after);
      for (let start = 0; start < rest.length; start += fake.pageSize)
        yield rest.slice(start, start + fake.pageSize);
    },
    async read(at, range) {
      fake.beforeRead();
      const { entry, body } = find(at);
      if (entry.kind === 'folder') throw new StoreError('is-folder');
      const { offset = 0, length = body.length - offset } = range ?? {};
      if (offset + length > body.length) throw new StoreError('invalid');
      return { entry, body: fake.bodyOf(body.subarray(offset, offset + length)) };
    },
  };
  const changing: Partial<Workspace> = {
    check: async () => {},
    async write(at, body) {
      const chunks: Uint8Array[] = [];
      if (body instanceof Uint8Array) chunks.push(body);
      else for await (const chunk of body) chunks.push(Buffer.from(chunk));
      const names = at.path.slice(1);
      const created = above(names.slice(0, -1)).members.get(names.at(-1) ?? '') === undefined;
      return {
        entry: make(names.at(-1) ?? '', above(names.slice(0, -1)), {}, Buffer.concat(chunks)).entry,
        created,
      };
    },
    usage: async () => ({ used: 100, trashed: 0, quota: 1_000 }),
    locks: async () => fake.locks,
    locksBelow: async () => Map.groupBy(fake.locks, (lock) => lock.entry),
  };
  // Whatever else a test calls is a mistake of the test, and ends as a TypeError.
  const workspace = { principal: ada, ...reading, ...changing } as Workspace;
  const fake: FakeWorkspace = {
    workspace,
    open: () => workspace,
    locks: [],
    beforeRead: () => {},
    bodyOf: (content) => content,
    pageSize: 100,
    listOf: undefined,
    file(path, content = '', changes = {}) {
      const names = parsePath(path);
      const body = typeof content === 'string' ? Buffer.from(content) : content;
      return make(names.at(-1) ?? '', above(names.slice(0, -1)), changes, body).entry;
    },
    folder(path, changes = {}) {
      const node = above(parsePath(path));
      node.entry = { ...node.entry, ...changes };
      return node.entry;
    },
  };
  return fake;
}
