import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Workspace } from '../../lib/core/contracts.ts';
import { isStoreError } from '../../lib/core/error.ts';
import { randomFrom } from '../support/random.ts';
import { at, bytes, house } from '../support/workspace.ts';
import { Model, type ModelNode } from './model.ts';

const names = ['a', 'b', 'c', 'ä', 'long name with spaces'];
const sizes = [0, 1, 100, 65_536, 65_537, 200_000];

type Step = { readonly say: string; real(): Promise<unknown>; model(): void };

function step(random: () => number, ws: Workspace, model: Model): Step {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const path = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(names));
  const where = (parts: readonly string[]) => at(`/home/${parts.join('/')}`);
  const one = path();
  const two = path();
  const offset = Math.floor(random() * 100_000);
  const body = Buffer.alloc(pick(sizes), Math.floor(random() * 256));
  const key = `{urn:m}${pick(names).slice(0, 1)}`;
  const xml = `<x xmlns="urn:m">${offset}</x>`;
  const steps: readonly Step[] = [
    {
      say: `write ${one} ${body.length}`,
      real: () => ws.write(where(one), body),
      model: () => model.write(one, body),
    },
    { say: `mkdir ${one}`, real: () => ws.mkdir(where(one)), model: () => model.mkdir(one) },
    { say: `mkdir ${one}`, real: () => ws.mkdir(where(one)), model: () => model.mkdir(one) },
    { say: `remove ${one}`, real: () => ws.remove(where(one)), model: () => model.remove(one) },
    {
      say: `move ${one} ${two}`,
      real: () => ws.move(where(one), where(two)),
      model: () => model.move(one, two),
    },
    {
      say: `copy ${one} ${two}`,
      real: () => ws.copy(where(one), where(two)),
      model: () => model.copy(one, two),
    },
    {
      say: `patch ${one} ${offset} ${body.length}`,
      real: () => ws.patch(where(one), offset, body),
      model: () => model.patch(one, offset, body),
    },
    {
      say: `truncate ${one} ${offset}`,
      real: () => ws.truncate(where(one), offset),
      model: () => model.truncate(one, offset),
    },
    {
      say: `annotate ${one}`,
      real: () => ws.annotate(where(one), { set: { [key]: xml } }),
      model: () => model.annotate(one, key, xml),
    },
  ];
  return pick(steps);
}

function codeOf(act: () => void): string {
  try {
    act();
    return 'done';
  } catch (error) {
    if (isStoreError(error)) return error.code;
    throw error;
  }
}

async function same(ws: Workspace, path: string, node: ModelNode): Promise<void> {
  const entry = await ws.stat(at(path));
  assert.equal(entry.kind, node.kind, path);
  assert.deepEqual(entry.props ?? {}, node.props, path);
  if (node.kind === 'file') {
    assert.equal(entry.size, node.bytes.length, path);
    assert.ok((await bytes((await ws.read(at(path))).body)).equals(node.bytes), path);
    return;
  }
  const found: string[] = [];
  for await (const page of ws.list(at(path))) found.push(...page.map((child) => child.name));
  assert.deepEqual(found.toSorted(), [...node.children.keys()].toSorted(), path);
  for (const [name, child] of node.children) await same(ws, `${path}/${name}`, child);
}

const total = (node: ModelNode): number =>
  node.kind === 'file'
    ? node.bytes.length
    : [...node.children.values()].reduce((sum, child) => sum + total(child), 0);

describe('random operations against the reference model', () => {
  const seeds = process.env.HEARTH_SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.HEARTH_SEED)];
  for (const seed of seeds) {
    it(`seed ${seed}: the same results, the same tree, the same usage`, async () => {
      const home = await house();
      try {
        const ws = home.open(await home.user('ada'));
        const model = new Model();
        const random = randomFrom(seed);
        const said: string[] = [];
        for (let n = 0; n < 400; n++) {
          const next = step(random, ws, model);
          said.push(next.say);
          const expected = codeOf(() => next.model());
          const actual = await next.real().then(
            () => 'done',
            (error: unknown) => (isStoreError(error) ? error.code : Promise.reject(error)),
          );
          assert.equal(actual, expected, `step ${n}: ${said.slice(-5).join('; ')}`);
          if (n % 100 === 99) await same(ws, '/home', model.root);
        }
        const usage = await ws.usage();
        for (let swept = 1; swept > 0; ) swept = await home.catalog.upkeep.sweep(home.clock() + 1, 1000);
        assert.equal((await ws.usage()).used, total(model.root), `used was ${usage.used}`);
        assert.deepEqual(await home.catalog.upkeep.repair(), [], 'the counters needed no repair');
      } finally {
        await home.close();
      }
    });
  }
});
