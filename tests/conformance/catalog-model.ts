import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStoreError } from '../../lib/core/error.ts';
import { randomFrom } from '../support/random.ts';
import { type CatalogBench, TestHome } from './catalog-bench.ts';

interface Node {
  readonly id: string;
  readonly kind: 'folder' | 'file';
  text: string;
  /** Counts the changes at or below it. */
  stamp: number;
  parent: Node | undefined;
  readonly children: Map<string, Node>;
}

/** What a home should hold, in the simplest way that could be right. */
class Model {
  readonly root: Node;
  readonly trash = new Map<string, { node: Node; parent: Node; name: string }>();
  constructor(id: string) {
    this.root = { id, kind: 'folder', text: '', stamp: 0, parent: undefined, children: new Map() };
  }

  find(path: readonly string[]): Node | undefined {
    let at: Node | undefined = this.root;
    for (const name of path) at = at?.children.get(name);
    return at;
  }

  isLive(node: Node): boolean {
    for (let at: Node | undefined = node; at !== undefined; at = at.parent) if (at === this.root) return true;
    return false;
  }

  isWithin(node: Node, top: Node): boolean {
    for (let at: Node | undefined = node; at !== undefined; at = at.parent) if (at === top) return true;
    return false;
  }

  touch(node: Node | undefined): void {
    for (let at = node; at !== undefined; at = at.parent) at.stamp += 1;
  }

  attach(node: Node, parent: Node, name: string): void {
    node.parent = parent;
    parent.children.set(name, node);
    this.touch(parent);
  }

  detach(node: Node, name: string): void {
    const { parent } = node;
    if (parent === undefined) return;
    parent.children.delete(name);
    this.touch(parent);
    this.trash.set(node.id, { node, parent, name });
    node.parent = undefined;
  }

  paths(top = this.root, prefix = ''): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, node] of top.children) {
      found[node.kind === 'file' ? prefix + name : `${prefix}${name}/`] = node.text;
      if (node.kind === 'folder') Object.assign(found, this.paths(node, `${prefix}${name}/`));
    }
    return found;
  }
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (isStoreError(error)) return error.code;
    throw error;
  }
}

const names = ['a', 'b', 'c', 'd'];

class Run {
  readonly home: TestHome;
  readonly model: Model;
  private readonly random: () => number;
  private count = 0;

  constructor(home: TestHome, seed: number) {
    this.home = home;
    this.model = new Model(home.id);
    this.random = randomFrom(seed);
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  private path(): string[] {
    return Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => this.pick(names));
  }

  /** One random operation on both; the outcomes must be the same. */
  async step(): Promise<void> {
    const path = this.path();
    const to = this.path();
    const name = path.at(-1) as string;
    const parent = this.model.find(path.slice(0, -1));
    const node = this.model.find(path);
    const ops = [this.put, this.put, this.mkdir, this.mkdir, this.remove, this.move, this.copy, this.restore];
    if (parent !== undefined) await this.pick(ops).call(this, { path, to, name, parent, node });
  }

  private async put({ path, name, parent, node }: Spot): Promise<void> {
    const text = `text ${this.count++}`;
    const expected = parent.kind === 'file' ? 'not-folder' : node?.kind === 'folder' ? 'is-folder' : 'ok';
    const call = this.home.file(name, text, parent.id);
    assert.equal(await codeOf(call), expected, `put ${path.join('/')}`);
    if (expected !== 'ok') return;
    const { entry } = await call;
    if (node !== undefined) {
      node.text = entry.version;
      this.model.touch(node);
      return;
    }
    const made: Node = {
      id: entry.id,
      kind: 'file',
      text: entry.version,
      stamp: 1,
      parent,
      children: new Map(),
    };
    this.model.attach(made, parent, name);
  }

  private async mkdir({ path, name, parent, node }: Spot): Promise<void> {
    const expected = parent.kind === 'file' ? 'not-folder' : node === undefined ? 'ok' : 'exists';
    const call = this.home.folder(name, parent.id);
    assert.equal(await codeOf(call), expected, `mkdir ${path.join('/')}`);
    if (expected !== 'ok') return;
    const { id } = await call;
    this.model.attach({ id, kind: 'folder', text: '', stamp: 1, parent, children: new Map() }, parent, name);
  }

  private async remove({ path, name, node }: Spot): Promise<void> {
    if (node === undefined) return;
    assert.equal(await codeOf(this.home.remove(node.id)), 'ok', `remove ${path.join('/')}`);
    this.model.detach(node, name);
  }

  /** What `move` and `copy` of a node to a path should come to. */
  private expectTree(node: Node, to: readonly string[]) {
    const parent = this.model.find(to.slice(0, -1));
    const target = this.model.find(to);
    if (parent === undefined) return { parent, target, code: 'none' };
    if (parent.kind === 'file') return { parent, target, code: 'not-folder' };
    const invalid = target === node || this.model.isWithin(parent, node);
    return { parent, target, code: invalid ? 'invalid' : 'ok' };
  }

  private async move({ path, to, name, node }: Spot): Promise<void> {
    if (node === undefined) return;
    const { parent, target, code } = this.expectTree(node, to);
    if (parent === undefined) return;
    const toName = to.at(-1) as string;
    const call = this.home.move(node.id, toName, parent.id);
    assert.equal(await codeOf(call), code, `move ${path.join('/')} ${to.join('/')}`);
    if (code !== 'ok') return;
    if (target !== undefined) this.model.detach(target, toName);
    node.parent?.children.delete(name);
    this.model.touch(node.parent);
    this.model.attach(node, parent, toName);
    node.stamp += 1;
  }

  private async copy({ path, to, node }: Spot): Promise<void> {
    if (node === undefined) return;
    const { parent, target, code } = this.expectTree(node, to);
    if (parent === undefined) return;
    const toName = to.at(-1) as string;
    const call = this.home.copy(node.id, toName, parent.id);
    assert.equal(await codeOf(call), code, `copy ${path.join('/')} ${to.join('/')}`);
    if (code !== 'ok') return;
    const { entry } = await call;
    const made = await this.cloned(node, entry.id);
    if (target !== undefined) this.model.detach(target, toName);
    this.model.attach(made, parent, toName);
  }

  private async cloned(node: Node, id: string): Promise<Node> {
    const made: Node = {
      id,
      kind: node.kind,
      text: node.text,
      stamp: 1,
      parent: undefined,
      children: new Map(),
    };
    if (node.kind === 'folder') {
      for (const child of await this.home.list(id)) {
        const original = node.children.get(child.name);
        assert.ok(original !== undefined, `a copy has ${child.name} and its original has not`);
        const below = await this.cloned(original, child.id);
        below.parent = made;
        made.children.set(child.name, below);
      }
    }
    assert.equal(made.children.size, node.children.size);
    return made;
  }

  private async restore(): Promise<void> {
    const record = this.pick([...this.model.trash.values()]);
    if (record === undefined) return;
    const { node, parent, name } = record;
    const gone = !this.model.isLive(parent);
    const expected = gone ? 'not-found' : parent.children.has(name) ? 'exists' : 'ok';
    assert.equal(await codeOf(this.home.restore(node.id)), expected, `restore ${name}`);
    if (expected !== 'ok') return;
    this.model.trash.delete(node.id);
    this.model.attach(node, parent, name);
    node.stamp += 1;
  }

  /** The same tree, and folder versions that change exactly when something at or below changes. */
  async check(versions: Map<string, string>): Promise<void> {
    assert.deepEqual(await this.home.tree(), this.model.paths());
    const visit = async (node: Node): Promise<void> => {
      if (node.kind === 'file') return;
      const version = (await this.home.version(node.id)) ?? 'none';
      const key = `${node.id} ${node.stamp}`;
      assert.equal(versions.get(key) ?? version, version, 'nothing changed, and the version did');
      const holder = versions.get(version);
      assert.ok(holder === undefined || holder === key, 'something changed, and the version did not');
      versions.set(key, version);
      versions.set(version, key);
      for (const child of node.children.values()) await visit(child);
    };
    await visit(this.model.root);
  }
}

interface Spot {
  readonly path: readonly string[];
  readonly to: readonly string[];
  readonly name: string;
  readonly parent: Node;
  readonly node: Node | undefined;
}

export function catalogModel(bench: () => CatalogBench): void {
  describe('against a model', () => {
    for (const seed of [1, 2, 3]) {
      it(`300 random operations end as in the model (seed ${seed})`, async () => {
        const run = new Run(await TestHome.make(bench().catalog), seed);
        const versions = new Map<string, string>();
        for (let step = 0; step < 300; step++) {
          await run.step();
          if (step % 5 === 0) await run.check(versions);
        }
        await run.check(versions);
        const before = await run.home.catalog.usage(run.home.id);
        assert.deepEqual(await run.home.catalog.upkeep.repair(), []);
        assert.deepEqual(await run.home.catalog.usage(run.home.id), before);
        await run.check(versions);
      });
    }
  });
}
