import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CatalogBench, draftOf, fails, newId, start, TestHome } from './catalog-bench.ts';

export function catalogNames(bench: () => CatalogBench): void {
  describe('names', () => {
    let home: TestHome;
    before(async () => {
      home = await TestHome.make(bench().catalog);
    });

    it('a home begins as an empty folder without parent', async () => {
      const root = await home.catalog.entry(home.id);
      assert.equal(root?.kind, 'folder');
      assert.equal(root?.parent, null);
      assert.equal(root?.name, 'Home');
      assert.equal(root?.home, home.id);
      assert.deepEqual(await home.names(), []);
    });

    it('a file that was put is found by id, by name and in the listing, alike', async () => {
      const { entry, created } = await home.catalog.put(
        { parent: home.id, name: 'one.txt', ...draftOf('one'), mime: 'text/plain', mode: 0o755, created: 5 },
        home.change(),
      );
      assert.equal(created, true);
      assert.deepEqual(entry, {
        id: entry.id,
        parent: home.id,
        home: home.id,
        kind: 'file',
        name: 'one.txt',
        version: draftOf('one').version,
        size: 3,
        created: 5,
        modified: start,
        creator: home.user.id,
        mode: 0o755,
        mime: 'text/plain',
        props: null,
        checksums: draftOf('one').checksums,
      });
      assert.match(entry.id, /^[0-9a-f]{24}$/);
      assert.deepEqual(await home.catalog.entry(entry.id), entry);
      assert.deepEqual(await home.at('one.txt'), entry);
      assert.deepEqual(
        (await home.list()).find(({ name }) => name === 'one.txt'),
        entry,
      );
    });

    it('a second put replaces the content under the same id', async () => {
      const first = await home.file('two', 'a');
      const second = await home.file('two', 'bcd');
      assert.equal(second.created, false);
      assert.equal(second.entry.id, first.entry.id);
      assert.equal(second.entry.created, first.entry.created);
      assert.equal((await home.at('two'))?.size, 3);
    });

    it('properties survive a put; the media type is told anew', async () => {
      const draft = { parent: home.id, name: 'typed', ...draftOf('a'), mime: 'text/csv', mode: 0o755 };
      const { entry } = await home.catalog.put(draft, home.change());
      await home.catalog.annotate(entry.id, { set: { '{x}y': '<y xmlns="x"/>' } }, home.change());
      const after = (await home.file('typed', 'b')).entry;
      assert.deepEqual(after.props, { '{x}y': '<y xmlns="x"/>' });
      assert.equal(after.mode, 0o755);
      assert.equal(after.mime, null);
    });

    it('expectations: absent, present, and a version', async () => {
      await assert.rejects(home.file('exp', 'a', home.id, { expect: 'present' }), fails('stale'));
      const { entry } = await home.file('exp', 'a', home.id, { expect: 'absent' });
      await assert.rejects(home.file('exp', 'b', home.id, { expect: 'absent' }), fails('stale'));
      await assert.rejects(home.file('exp', 'b', home.id, { expect: 'other' }), fails('stale'));
      const second = await home.file('exp', 'b', home.id, { expect: entry.version });
      await home.file('exp', 'c', home.id, { expect: 'present' });
      for (const expect of ['absent', second.entry.version]) {
        await assert.rejects(home.remove(entry.id, { expect }), fails('stale'));
        await assert.rejects(home.splice(entry.id, { size: 0 }, { expect }), fails('stale'));
        await assert.rejects(
          home.catalog.annotate(entry.id, { mode: 0 }, home.change({ expect })),
          fails('stale'),
        );
      }
      assert.equal((await home.at('exp'))?.version, draftOf('c').version);
    });

    it('mkdir over anything is exists, put over a folder is is-folder', async () => {
      const folder = await home.folder('dir');
      await home.file('plain', 'x');
      await assert.rejects(home.folder('dir'), fails('exists'));
      await assert.rejects(home.folder('plain'), fails('exists'));
      await assert.rejects(home.file('dir', 'x'), fails('is-folder'));
      assert.equal((await home.at('dir'))?.id, folder.id);
    });

    it('a parent must be there and be a folder', async () => {
      const { entry } = await home.file('leaf', 'x');
      await assert.rejects(home.file('a', 'x', newId()), fails('not-found'));
      await assert.rejects(home.folder('a', newId()), fails('not-found'));
      await assert.rejects(home.file('a', 'x', entry.id), fails('not-folder'));
      await assert.rejects(home.folder('a', entry.id), fails('not-folder'));
      await assert.rejects(home.move(entry.id, 'a', entry.id), fails('not-folder'));
    });

    it('a name is found in each of its Unicode spellings, and is taken in all of them', async () => {
      const composed = 'M\u00fcller';
      const decomposed = 'Mu\u0308ller';
      const { entry } = await home.file(decomposed, 'x');
      assert.equal((await home.at(composed))?.id, entry.id);
      assert.equal((await home.at(decomposed))?.id, entry.id);
      const again = await home.file(composed, 'y');
      assert.equal(again.entry.id, entry.id);
      assert.equal(again.entry.name, decomposed);
      await assert.rejects(home.folder(composed), fails('exists'));
      const other = await home.file('other', 'z');
      const moved = await home.move(other.entry.id, composed);
      assert.equal(moved.created, false);
      assert.equal((await home.names()).filter((name) => name.normalize('NFC') === composed).length, 1);
    });

    it('names differ by case, spaces, and anything else but spelling', async () => {
      const folder = await home.folder('cases');
      const names = ['a', 'A', 'a ', ' a', 'a\u200b', '%61', 'a\nb', "a'b", 'a"b', '\u{1f600}'];
      for (const name of names) await home.file(name, name, folder.id);
      assert.equal((await home.names(folder.id)).length, names.length);
      for (const name of names) assert.equal((await home.at('cases', name))?.name, name);
    });

    it('resolve follows names as far as they go', async () => {
      const a = await home.folder('ra');
      const b = await home.folder('rb', a.id);
      const { entry } = await home.file('rc', 'x', b.id);
      const whole = await home.catalog.resolve(home.id, ['ra', 'rb', 'rc']);
      assert.deepEqual(
        whole?.chain.map(({ id }) => id),
        [home.id, a.id, b.id, entry.id],
      );
      assert.deepEqual(whole?.missing, []);
      const missing = await home.catalog.resolve(home.id, ['ra', 'no', 'rc']);
      assert.deepEqual(missing?.missing, ['no', 'rc']);
      assert.equal(missing?.chain.at(-1)?.id, a.id);
      const through = await home.catalog.resolve(home.id, ['ra', 'rb', 'rc', 'deeper']);
      assert.equal(through?.chain.at(-1)?.id, entry.id);
      assert.deepEqual(through?.missing, ['deeper']);
      const from = await home.catalog.resolve(b.id, ['rc']);
      assert.deepEqual(from, whole);
      assert.equal((await home.catalog.resolve(entry.id, []))?.chain.length, 4);
      assert.equal(await home.catalog.resolve(newId(), ['x']), undefined);
    });

    it('a listing is in order of the names in UTF-8, page by page, and can begin after any name', async () => {
      const folder = await home.folder('many');
      const names = ['\ufffd', '\u{1f600}', 'Z', 'a', 'ä', ...Array.from({ length: 700 }, (_, n) => `n${n}`)];
      await Promise.all(names.map((name) => home.file(name, name, folder.id)));
      const order = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(await home.names(folder.id), order);
      assert.deepEqual(await home.names(folder.id, order[300]), order.slice(301));
      assert.deepEqual(
        await home.names(folder.id, 'n3!'),
        order.slice(order.findIndex((name) => name > 'n3!')),
      );
      assert.deepEqual(await home.names(newId()), []);
      assert.deepEqual(await home.names((await home.at('many', 'a'))?.id), []);
    });

    it('a listing ends quietly when its folder goes', async () => {
      const folder = await home.folder('going');
      await Promise.all(Array.from({ length: 300 }, (_, n) => home.file(`${n}`, 'x', folder.id)));
      let pages = 0;
      for await (const page of home.catalog.children(folder.id)) {
        assert.ok(page.length > 0);
        pages += 1;
        if (pages === 1) await home.remove(folder.id);
      }
      assert.ok(pages >= 1);
    });

    it('annotate sets and removes properties and attributes in one step', async () => {
      const { entry } = await home.file('noted', 'x');
      const set = { '{a}b': '<b/>', '{a}c': '<c/>' };
      await home.catalog.annotate(entry.id, { set, modified: 7, mode: 0o644, mime: 'x/y' }, home.change());
      const changed = await home.catalog.annotate(
        entry.id,
        { set: { '{a}c': '<d/>' }, remove: ['{a}b', '{a}none'], created: 9, checksums: { md5: 'ff' } },
        home.change({ expect: entry.version }),
      );
      assert.deepEqual(changed.props, { '{a}c': '<d/>' });
      assert.deepEqual([changed.created, changed.modified, changed.mode, changed.mime], [9, 7, 0o644, 'x/y']);
      assert.deepEqual(changed.checksums, { ...entry.checksums, md5: 'ff' });
      assert.equal(changed.version, entry.version);
      assert.deepEqual(await home.at('noted'), changed);
      await assert.rejects(home.catalog.annotate(newId(), {}, home.change()), fails('not-found'));
    });

    it('a folder is made with its properties', async () => {
      const draft = { parent: home.id, name: 'dressed', modified: 4, created: 3, props: { '{a}b': '<b/>' } };
      const made = await home.catalog.mkdir(draft, home.change());
      assert.deepEqual([made.created, made.modified, made.size, made.kind], [3, 4, 0, 'folder']);
      assert.deepEqual(await home.at('dressed'), made);
      assert.deepEqual(made.props, { '{a}b': '<b/>' });
    });
  });
}
