import { type ErrorCode, StoreError } from '../../lib/core/error.ts';

export interface ModelFile {
  readonly kind: 'file';
  bytes: Buffer;
  props: Record<string, string>;
}
export interface ModelFolder {
  readonly kind: 'folder';
  readonly children: Map<string, ModelNode>;
  props: Record<string, string>;
}
export type ModelNode = ModelFile | ModelFolder;

const fail = (code: ErrorCode): never => {
  throw new StoreError(code);
};

const clone = (node: ModelNode): ModelNode =>
  node.kind === 'file'
    ? { kind: 'file', bytes: node.bytes, props: { ...node.props } }
    : {
        kind: 'folder',
        props: { ...node.props },
        children: new Map([...node.children].map(([name, child]) => [name, clone(child)])),
      };

/** What a home should do, in the fewest words: a tree of maps, no locks, no quota, no failures. */
export class Model {
  readonly root: ModelFolder = { kind: 'folder', children: new Map(), props: {} };

  find(path: readonly string[]): ModelNode | undefined {
    let node: ModelNode | undefined = this.root;
    for (const name of path) node = node?.kind === 'folder' ? node.children.get(name) : undefined;
    return node;
  }

  get(path: readonly string[]): ModelNode {
    return this.find(path) ?? fail('not-found');
  }

  file(path: readonly string[]): ModelFile {
    const node = this.get(path);
    return node.kind === 'file' ? node : fail('is-folder');
  }

  private parent(path: readonly string[]): ModelFolder {
    if (path.length === 0) return fail('denied');
    // Below a file: its direct member meets a file as parent, anything deeper meets nothing.
    const parent = this.find(path.slice(0, -1)) ?? fail('not-found');
    return parent.kind === 'folder' ? parent : fail('not-folder');
  }

  write(path: readonly string[], bytes: Buffer): void {
    const parent = this.parent(path);
    const name = path.at(-1) ?? '';
    const there = parent.children.get(name);
    if (there?.kind === 'folder') fail('is-folder');
    if (there?.kind === 'file') there.bytes = bytes;
    else parent.children.set(name, { kind: 'file', bytes, props: {} });
  }

  patch(path: readonly string[], offset: number, bytes: Buffer): void {
    const file = this.file(path);
    const size = Math.max(file.bytes.length, bytes.length === 0 ? 0 : offset + bytes.length);
    const next = Buffer.alloc(size);
    file.bytes.copy(next);
    bytes.copy(next, offset);
    file.bytes = next;
  }

  truncate(path: readonly string[], size: number): void {
    const file = this.file(path);
    const next = Buffer.alloc(size);
    file.bytes.copy(next);
    file.bytes = next;
  }

  mkdir(path: readonly string[]): void {
    if (this.find(path) !== undefined) fail('exists');
    this.parent(path).children.set(path.at(-1) ?? '', { kind: 'folder', children: new Map(), props: {} });
  }

  remove(path: readonly string[]): void {
    const parent = this.parent(path);
    this.get(path);
    parent.children.delete(path.at(-1) ?? '');
  }

  annotate(path: readonly string[], name: string, value: string): void {
    this.get(path).props[name] = value;
  }

  move(from: readonly string[], to: readonly string[]): void {
    const node = this.transfer(from, to, true);
    this.parent(from).children.delete(from.at(-1) ?? '');
    this.parent(to).children.set(to.at(-1) ?? '', node);
  }

  copy(from: readonly string[], to: readonly string[]): void {
    const node = this.transfer(from, to, false);
    this.parent(to).children.set(to.at(-1) ?? '', clone(node));
  }

  private transfer(from: readonly string[], to: readonly string[], away: boolean): ModelNode {
    if (away) this.parent(from);
    const node = this.get(from);
    this.parent(to);
    const below = from.every((name, index) => to[index] === name);
    if (below) fail('invalid');
    return node;
  }
}
