import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CatalogBench, fails, newId, TestHome } from './catalog-bench.ts';

export function catalogTrees(bench: () => CatalogBench): void {
  describe('trees', () => {
    let home: TestHome;
    before(async () => {
      home = await TestHome.make(bench().catalog);
    });
    const grown = async (name: string) => {
      const top = await home.folder(name);
      const inner = await home.folder('inner', top.id);
      const leaf = (await home.file('leaf', `${name} leaf`, inner.id)).entry;
      return { top, inner, leaf };
    };

    it('a move takes the tree along and keeps every id', async () => {
      const { top, leaf } = await grown('m1');
      const into = await home.folder('m2');
      const { entry, created } = await home.move(top.id, 'renamed', into.id);
      assert.equal(created, true);
      assert.deepEqual([entry.id, entry.parent, entry.name], [top.id, into.id, 'renamed']);
      assert.equal((await home.at('m2', 'renamed', 'inner', 'leaf'))?.id, leaf.id);
      assert.equal(await home.at('m1'), undefined);
    });

    it('what a move or a copy replaces goes to the trash whole, and nothing is merged', async () => {
      const from = await grown('r1');
      const over = await grown('r2');
      await home.file('extra', 'x', over.top.id);
      const { created } = await home.move(from.top.id, 'r2');
      assert.equal(created, false);
      assert.deepEqual(Object.keys(await home.tree(from.top.id)), ['inner/', 'inner/leaf']);
      assert.equal(await home.catalog.entry(over.leaf.id), undefined);
      assert.ok((await home.catalog.trash(home.id)).some(({ entry }) => entry.id === over.top.id));
      const other = await grown('r3');
      assert.equal((await home.copy(other.top.id, 'r2')).created, false);
      assert.equal(await home.catalog.entry(from.top.id), undefined);
      const plain = await home.file('r4', 'x');
      await home.move(plain.entry.id, 'r2');
      assert.equal((await home.at('r2'))?.kind, 'file');
    });

    it('nothing goes below itself, nor onto itself', async () => {
      const { top, inner, leaf } = await grown('s1');
      for (const op of ['move', 'copy'] as const) {
        await assert.rejects(home[op](top.id, 'x', top.id), fails('invalid'), op);
        await assert.rejects(home[op](top.id, 'x', inner.id), fails('invalid'), op);
        await assert.rejects(home[op](top.id, 's1'), fails('invalid'), op);
        await assert.rejects(home[op](leaf.id, 'leaf', inner.id), fails('invalid'), op);
      }
      const shallow = await home.copy(top.id, 'x', top.id, { shallow: true });
      assert.deepEqual(await home.names(shallow.entry.id), []);
    });

    it('a tree may replace the folder that it lies in', async () => {
      const { inner, leaf } = await grown('up');
      await home.move(inner.id, 'up');
      assert.equal((await home.at('up', 'leaf'))?.id, leaf.id);
      const other = await grown('up2');
      await home.copy(other.inner.id, 'up2');
      assert.deepEqual(Object.keys(await home.tree((await home.at('up2'))?.id)), ['leaf']);
    });

    it('move and copy expect things of their destination', async () => {
      const { top } = await grown('e1');
      const target = await home.file('e2', 'x');
      for (const op of ['move', 'copy'] as const) {
        await assert.rejects(home[op](top.id, 'e2', home.id, { expect: 'absent' }), fails('stale'));
        await assert.rejects(home[op](top.id, 'e2', home.id, { expect: 'other' }), fails('stale'));
        await assert.rejects(home[op](top.id, 'e9', home.id, { expect: 'present' }), fails('stale'));
        await assert.rejects(home[op](newId(), 'e9'), fails('not-found'));
        await assert.rejects(home[op](top.id, 'e9', newId()), fails('not-found'));
      }
      await home.move(top.id, 'e2', home.id, { expect: target.entry.version });
    });

    it('a copy has new ids, the same contents, properties and times of content', async () => {
      const { top, inner, leaf } = await grown('c1');
      await home.catalog.annotate(leaf.id, { set: { '{a}b': '<b/>' }, modified: 17 }, home.change());
      const { entry, created } = await home.copy(top.id, 'c2');
      assert.equal(created, true);
      assert.deepEqual(await home.tree(entry.id), await home.tree(top.id));
      const copied = await home.at('c2', 'inner', 'leaf');
      assert.ok(copied !== undefined);
      assert.equal(new Set([top.id, inner.id, leaf.id, entry.id, copied.parent, copied.id]).size, 6);
      for (const id of [entry.id, copied.parent, copied.id]) assert.match(String(id), /^[0-9a-f]{24}$/);
      assert.deepEqual(
        [copied.version, copied.modified, copied.props],
        [leaf.version, 17, { '{a}b': '<b/>' }],
      );
      assert.equal(copied.created, home.now);
      assert.deepEqual(await home.catalog.layout(copied.id), await home.catalog.layout(leaf.id));
      await home.file('leaf', 'changed', String(copied.parent));
      assert.equal(await home.version(leaf.id), leaf.version);
    });

    it('a removed tree is unreachable at once, by name and by every id below it', async () => {
      const { top, inner, leaf } = await grown('d1');
      await home.remove(top.id);
      assert.equal(await home.at('d1'), undefined);
      for (const { id } of [top, inner, leaf]) {
        assert.equal(await home.catalog.entry(id), undefined);
        assert.equal(await home.catalog.resolve(id, []), undefined);
        assert.equal(await home.catalog.layout(id), undefined);
        assert.deepEqual(await home.names(id), []);
        await assert.rejects(home.remove(id), fails('not-found'));
        await assert.rejects(home.move(id, 'back'), fails('not-found'));
        await assert.rejects(home.copy(id, 'back'), fails('not-found'));
        await assert.rejects(home.catalog.annotate(id, { mode: 0 }, home.change()), fails('not-found'));
        await assert.rejects(home.splice(id, { size: 0 }), fails('not-found'));
        await assert.rejects(home.file('x', 'x', id), fails('not-found'));
        await assert.rejects(home.folder('x', id), fails('not-found'));
      }
    });

    it('a removed name is free again, and the removed tree can still be restored elsewhere', async () => {
      const { top, leaf } = await grown('t1');
      await home.remove(top.id);
      await grown('t1');
      const [record] = (await home.catalog.trash(home.id)).filter(({ entry }) => entry.id === top.id);
      assert.deepEqual([record?.name, record?.parent, record?.by], ['t1', home.id, home.user.id]);
      assert.equal(record?.entry.name, 't1');
      await assert.rejects(home.restore(top.id), fails('exists'));
      const back = await home.restore(top.id, { parent: home.id, name: 't1 (restored)' });
      assert.deepEqual([back.id, back.name], [top.id, 't1 (restored)']);
      assert.equal((await home.at('t1 (restored)', 'inner', 'leaf'))?.id, leaf.id);
      await assert.rejects(home.restore(top.id), fails('not-found'));
    });

    it('a tree is restored to where it was, unless that is gone', async () => {
      const { top, inner, leaf } = await grown('w1');
      await home.remove(inner.id);
      assert.equal((await home.restore(inner.id)).parent, top.id);
      assert.equal((await home.at('w1', 'inner', 'leaf'))?.version, leaf.version);
      await home.remove(inner.id);
      await home.remove(top.id);
      await assert.rejects(home.restore(inner.id), fails('not-found'));
      await home.restore(top.id);
      await home.restore(inner.id);
      assert.equal((await home.at('w1', 'inner', 'leaf'))?.id, leaf.id);
    });

    it('a home can be neither removed nor moved', async () => {
      const other = await home.folder('x1');
      await assert.rejects(home.remove(home.id), fails('denied'));
      await assert.rejects(home.move(home.id, 'x', other.id), fails('denied', 'invalid'));
    });

    it('a deep tree moves, copies and goes like any other', async () => {
      let parent = (await home.folder('deep')).id;
      const top = parent;
      for (let depth = 0; depth < 300; depth++) parent = (await home.folder('d', parent)).id;
      const leaf = (await home.file('leaf', 'x', parent)).entry;
      assert.equal((await home.catalog.resolve(leaf.id, []))?.chain.length, 303);
      await home.move(top, 'deeper');
      const copy = await home.copy(top, 'copy');
      assert.equal(
        (await home.catalog.resolve(home.id, ['copy', ...Array(300).fill('d'), 'leaf']))?.missing.length,
        0,
      );
      await home.remove(top);
      assert.equal(await home.catalog.entry(leaf.id), undefined);
      await home.remove(copy.entry.id);
    });
  });
}
