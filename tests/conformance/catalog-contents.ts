import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { randomFrom } from '../support/random.ts';
import {
  type CatalogBench,
  draftOf,
  extentOf,
  fails,
  newId,
  refOf,
  TestHome,
  textOf,
} from './catalog-bench.ts';

export function catalogContents(bench: () => CatalogBench): void {
  describe('contents', () => {
    let home: TestHome;
    before(async () => {
      home = await TestHome.make(bench().catalog);
    });
    const texts = ['0123456789', 'abcdefghij', 'XYZ'];
    const [digits = '', letters = '', caps = ''] = texts;
    const content = async (id: string) => {
      const layout = await home.catalog.layout(id);
      assert.ok(layout !== undefined);
      const text = textOf(layout, texts);
      assert.equal(text.length, layout.size);
      assert.equal((await home.catalog.entry(id))?.size, layout.size);
      return text;
    };

    it('a layout says what a file is made of', async () => {
      const { entry } = await home.file('whole', digits);
      assert.deepEqual(await home.catalog.layout(entry.id), {
        version: entry.version,
        size: 10,
        extents: [extentOf(digits)],
      });
      const empty = await home.file('empty', '');
      assert.deepEqual((await home.catalog.layout(empty.entry.id))?.extents, []);
      assert.equal(await home.catalog.layout(home.id), undefined);
      assert.equal(await home.catalog.layout(newId()), undefined);
    });

    it('several extents are kept in order, and gone after a whole put', async () => {
      const extents = [
        extentOf(digits),
        { ref: null, offset: 0, length: 3 },
        { ...extentOf(letters), offset: 2, length: 4 },
      ];
      const draft = { parent: home.id, name: 'parts', ...draftOf(''), size: 17, extents };
      const { entry } = await home.catalog.put(draft, home.change());
      assert.equal(await content(entry.id), '0123456789...cdef');
      const copied = await home.copy(entry.id, 'parts 2');
      assert.equal(await content(copied.entry.id), '0123456789...cdef');
      await home.file('parts', letters);
      assert.equal(await content(entry.id), letters);
      assert.equal(await content(copied.entry.id), '0123456789...cdef');
    });

    it('a splice shadows what it covers and keeps the rest', async () => {
      const { entry } = await home.file('spliced', digits);
      const changed = await home.splice(entry.id, { offset: 3, extents: [extentOf(caps)], version: 'v2' });
      assert.deepEqual([changed.size, changed.version, changed.checksums], [10, 'v2', null]);
      assert.deepEqual(await home.catalog.entry(entry.id), changed);
      assert.equal(await content(entry.id), '012XYZ6789');
      await home.splice(entry.id, { offset: 'append', extents: [extentOf(letters)] });
      assert.equal(await content(entry.id), '012XYZ6789abcdefghij');
      await home.splice(entry.id, { offset: 22, extents: [extentOf(caps)] });
      assert.equal(await content(entry.id), '012XYZ6789abcdefghij..XYZ');
      await home.splice(entry.id, { offset: 4, extents: [], size: 4 });
      assert.equal(await content(entry.id), '012X');
      await home.splice(entry.id, { offset: 6, extents: [], size: 6 });
      assert.equal(await content(entry.id), '012X..');
      await home.splice(entry.id, { offset: 100, extents: [] });
      assert.equal(await content(entry.id), '012X..');
      await home.splice(entry.id, { offset: 0, extents: [extentOf(digits)] });
      assert.deepEqual((await home.catalog.layout(entry.id))?.extents, [extentOf(digits)]);
    });

    it('what continues the blob before it becomes one extent with it', async () => {
      const { entry } = await home.file('joined', '');
      for (let at = 0; at < 10; at += 2) {
        const piece = { ref: refOf(digits), offset: at, length: 2 };
        await home.splice(entry.id, { offset: 'append', extents: [piece] });
      }
      assert.deepEqual((await home.catalog.layout(entry.id))?.extents, [extentOf(digits)]);
    });

    it('random splices equal the same on a string', async () => {
      const random = randomFrom(7);
      const { entry } = await home.file('random', digits);
      let model = digits;
      for (let step = 0; step < 150; step++) {
        const text = texts[Math.floor(random() * 3)] ?? '';
        const from = Math.floor(random() * text.length);
        const length = Math.floor(random() * (text.length - from + 1));
        const offset = Math.floor(random() * (model.length + 4));
        const size = random() < 0.2 ? Math.floor(random() * (model.length + 8)) : undefined;
        const hole = random() < 0.1;
        const piece = hole ? '.'.repeat(length) : text.slice(from, from + length);
        if (length > 0) {
          model = model.padEnd(offset, '.').slice(0, offset) + piece + model.slice(offset + length);
        }
        if (size !== undefined) model = model.padEnd(size, '.').slice(0, size);
        const extents = [
          hole ? { ref: null, offset: 0, length } : { ref: refOf(text), offset: from, length },
        ];
        await home.splice(entry.id, { offset, extents, ...(size === undefined ? {} : { size }) });
        assert.equal(await content(entry.id), model, `step ${step}`);
      }
      const { used } = await home.catalog.usage(home.id);
      assert.deepEqual(await home.catalog.upkeep.repair(), []);
      assert.equal(await home.used(), used);
    });

    it('compaction replaces the extents of the version it has read, and of no other', async () => {
      const { entry } = await home.file('compacted', digits);
      const { version } = await home.splice(entry.id, { offset: 5, extents: [extentOf(caps)] });
      const whole = '01234XYZ89';
      const before = await home.catalog.entry(entry.id);
      await assert.rejects(
        home.catalog.compact(entry.id, entry.version, [extentOf(whole)]),
        fails('conflict'),
      );
      await home.catalog.compact(entry.id, version, [extentOf(whole)]);
      assert.deepEqual((await home.catalog.layout(entry.id))?.extents, [extentOf(whole)]);
      assert.deepEqual(await home.catalog.entry(entry.id), before);
      await assert.rejects(home.catalog.compact(newId(), version, []), fails('not-found'));
    });

    it('a small body comes with the change and waits until it has arrived in the store', async () => {
      const body = Buffer.from('small body');
      const draft = { parent: home.id, name: 'small', ...draftOf('small body'), body };
      const { entry } = await home.catalog.put(draft, home.change());
      const ref = refOf('small body');
      assert.deepEqual(Buffer.from((await home.catalog.body(ref)) ?? []), body);
      assert.deepEqual(Buffer.from((await home.catalog.layout(entry.id))?.body ?? []), body);
      await home.splice(entry.id, { offset: 'append', extents: [extentOf(caps)], body: Buffer.from(caps) });
      assert.equal((await home.catalog.layout(entry.id))?.body, undefined);
      assert.deepEqual(Buffer.from((await home.catalog.body(refOf(caps))) ?? []).toString(), caps);
      const waiting = await home.catalog.upkeep.waiting(1000);
      assert.deepEqual(
        waiting.map((one) => one.ref).filter((one) => one === ref || one === refOf(caps)),
        [ref, refOf(caps)],
      );
      assert.equal((await home.catalog.upkeep.waiting(1)).length, 1);
      assert.ok((await home.catalog.upkeep.backlog()) >= waiting.length);
      await home.catalog.upkeep.arrived([ref, refOf(caps)]);
      assert.equal(await home.catalog.body(ref), undefined);
      assert.equal((await home.catalog.layout(entry.id))?.size, 13);
    });

    it('a body that is part of a bigger buffer is kept as that part alone', async () => {
      const body = Buffer.from('....part of it....').subarray(4, 14);
      await home.catalog.put(
        { parent: home.id, name: 'view', ...draftOf('part of it'), body },
        home.change(),
      );
      assert.equal(
        Buffer.from((await home.catalog.body(refOf('part of it'))) ?? []).toString(),
        'part of it',
      );
    });
  });
}
