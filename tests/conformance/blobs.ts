import assert from 'node:assert/strict';
import { createHash, hash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { BlobStore } from '../../lib/core/contracts.ts';
import { type ErrorCode, isStoreError } from '../../lib/core/error.ts';
import type { BlobRef } from '../../lib/core/values.ts';
import { bytes, pieces } from '../support/bytes.ts';

export interface BlobBench {
  readonly blobs: BlobStore;
  /** The same store, opened anew, as after a restart. */
  reopen(): Promise<BlobStore>;
  close(): Promise<void>;
}

const fails = (code: ErrorCode) => (error: unknown) => isStoreError(error, code);
const future = () => Date.now() + 60_000;

/** The BlobStore contract. */
export function blobStoreSuite(name: string, make: () => Promise<BlobBench>): void {
  describe(`BlobStore: ${name}`, () => {
    let bench: BlobBench;
    let blobs: BlobStore;
    before(async () => {
      bench = await make();
      blobs = bench.blobs;
    });
    after(async () => bench?.close());

    async function stored(body: Uint8Array, durability: 'stored' | 'durable' = 'stored'): Promise<BlobRef> {
      const stage = await blobs.stage();
      await stage.append(body);
      return (await stage.commit(durability)).ref;
    }
    const read = async (ref: BlobRef, range?: { offset: number; length?: number }) =>
      bytes(await blobs.open(ref, range));
    async function listed(after?: BlobRef) {
      const all: { readonly ref: BlobRef; readonly size: number; readonly created: number }[] = [];
      for await (const page of blobs.list(after)) all.push(...page);
      return all;
    }

    it('what was committed is read, of any size, whole and in parts', async () => {
      for (const size of [0, 1, 65_536, 65_537, 1_048_576, 5_000_001]) {
        const body = randomBytes(size);
        for (const durability of ['stored', 'durable'] as const) {
          const ref = await stored(body, durability);
          assert.ok((await read(ref)).equals(body), `${size}`);
        }
        const ref = blobs.refOf(body);
        if (size < 2) continue;
        assert.ok((await read(ref, { offset: 1 })).equals(body.subarray(1)));
        assert.ok((await read(ref, { offset: size - 1, length: 1 })).equals(body.subarray(-1)));
        assert.ok((await read(ref, { offset: 1, length: size - 2 })).equals(body.subarray(1, -1)));
        assert.equal((await read(ref, { offset: 1, length: 0 })).length, 0);
      }
    });

    it('a body in many chunks is the bytes in their order, with the digests asked for', async () => {
      const chunks = Array.from({ length: 500 }, (_, n) => randomBytes((n * 7919) % 30_000));
      const whole = Buffer.concat(chunks);
      const stage = await blobs.stage({ digests: ['sha1', 'md5', 'sha256'] });
      assert.equal(
        await stage.append(pieces(...chunks.slice(0, 200))),
        Buffer.concat(chunks.slice(0, 200)).length,
      );
      await stage.append(pieces(...chunks.slice(200)));
      const blob = await stage.commit('stored');
      assert.equal(blob.size, whole.length);
      assert.ok((await read(blob.ref)).equals(whole));
      for (const algorithm of ['sha512', 'sha1', 'md5', 'sha256']) {
        assert.equal(blob.checksums[algorithm], createHash(algorithm).update(whole).digest('hex'));
      }
    });

    it('equal bytes are one blob, whichever way they came', async () => {
      const body = randomBytes(10_000);
      const ref = await stored(body);
      assert.equal((await blobs.putSmall(body, 'durable')).ref, ref);
      assert.equal(blobs.refOf(body), ref);
      await blobs.putMany([{ ref, body }]);
      assert.equal((await listed()).filter((one) => one.ref === ref).length, 1);
    });

    it('many small bodies are there when putMany returns', async () => {
      const bodies = Array.from({ length: 100 }, () => randomBytes(300));
      await blobs.putMany(bodies.map((body) => ({ ref: blobs.refOf(body), body })));
      for (const body of bodies) assert.ok((await read(blobs.refOf(body))).equals(body));
    });

    it('a body that fails leaves no blob, and a stage that can go on', async () => {
      const body = randomBytes(3_000_000);
      const stage = await blobs.stage();
      const broken = async function* () {
        yield body.subarray(0, 1_500_000);
        throw new Error('the client went away');
      };
      await assert.rejects(stage.append(broken()), /went away/);
      assert.equal(stage.offset, 1_500_000);
      await assert.rejects(blobs.open(blobs.refOf(body)), fails('not-found'));
      await stage.append(body.subarray(stage.offset));
      assert.ok((await read((await stage.commit('stored')).ref)).equals(body));
    });

    it('a stage goes on after a restart, where it was', async () => {
      const body = randomBytes(2_500_000);
      const first = await blobs.stage();
      await first.append(body.subarray(0, 1_200_000));
      const again = await bench.reopen();
      try {
        const second = await again.stage({ id: first.id, digests: ['md5'] });
        assert.equal(second.offset, 1_200_000);
        await second.append(body.subarray(1_200_000));
        const blob = await second.commit('durable');
        assert.equal(blob.checksums.sha512, hash('sha512', body));
        assert.equal(blob.checksums.md5, hash('md5', body));
        assert.ok((await read(blob.ref)).equals(body));
      } finally {
        await again.close();
      }
    });

    it('an aborted stage is gone; so is one nobody knows', async () => {
      const stage = await blobs.stage();
      await stage.append(randomBytes(100_000));
      await stage.abort();
      await assert.rejects(blobs.stage({ id: stage.id }), fails('not-found'));
      await assert.rejects(blobs.stage({ id: '../../etc/passwd' }), fails('not-found'));
    });

    it('old stages are swept, but for those that are named', async () => {
      const kept = await blobs.stage();
      const gone = await blobs.stage();
      for (const stage of [kept, gone]) await stage.append(Buffer.from('x'));
      assert.equal(await blobs.sweepStages(Date.now() - 60_000, new Set()), 0);
      assert.ok((await blobs.sweepStages(future(), new Set([kept.id]))) >= 1);
      await kept.append(Buffer.from('y'));
      assert.equal((await read((await kept.commit('stored')).ref)).toString(), 'xy');
      await gone.abort();
    });

    it('an aborted signal ends an append', async () => {
      const stage = await blobs.stage();
      const control = new AbortController();
      const endless = async function* () {
        for (;;) {
          yield randomBytes(100_000);
          control.abort(new Error('enough'));
        }
      };
      await assert.rejects(stage.append(endless(), control.signal), /enough/);
      await stage.abort();
    });

    it('an unknown blob is not-found, a range beyond the end an error, never short bytes', async () => {
      await assert.rejects(blobs.open(blobs.refOf(randomBytes(20))), fails('not-found'));
      await assert.rejects(blobs.open('../x'), fails('not-found'));
      for (const size of [100, 100_000]) {
        const ref = await stored(randomBytes(size));
        const reading = async () => read(ref, { offset: size - 10, length: 20 });
        await assert.rejects(reading, (error) => isStoreError(error));
      }
    });

    it('a reader who stops early, and readers side by side, disturb nobody', async () => {
      const body = randomBytes(4_000_000);
      const ref = await stored(body);
      for (let n = 0; n < 20; n++) {
        const opened = await blobs.open(ref);
        assert.ok(!(opened instanceof Uint8Array));
        for await (const chunk of opened) {
          assert.ok(chunk.length > 0);
          break;
        }
      }
      const all = await Promise.all(Array.from({ length: 6 }, () => read(ref)));
      for (const one of all) assert.ok(one.equals(body));
    });

    it('removal spares the young and tells what it did; absence is fine', async () => {
      const body = randomBytes(90_000);
      const ref = await stored(body);
      assert.equal(await blobs.remove(ref, { youngerThan: Date.now() - 60_000 }), false);
      assert.ok((await read(ref)).equals(body));
      assert.equal(await blobs.remove(ref, { youngerThan: future() }), true);
      await assert.rejects(blobs.open(ref), fails('not-found'));
      assert.equal(await blobs.remove(ref, { youngerThan: future() }), false);
    });

    it('a removal beside commits of the same bytes never takes a young blob', async () => {
      const body = randomBytes(70_000);
      for (let round = 0; round < 30; round++) {
        const before = Date.now() - 1;
        const [ref] = await Promise.all([
          stored(body),
          blobs.remove(blobs.refOf(body), { youngerThan: before }),
        ]);
        assert.ok((await read(ref)).equals(body), `round ${round}`);
      }
    });

    it('the list is in order of ref, goes on after one, and tells sizes', async () => {
      const all = await listed();
      const refs = all.map((one) => one.ref);
      assert.deepEqual(refs, refs.toSorted());
      const middle = refs[Math.floor(refs.length / 2)] as string;
      assert.deepEqual(
        (await listed(middle)).map((one) => one.ref),
        refs.slice(refs.indexOf(middle) + 1),
      );
      const body = randomBytes(12_345);
      const ref = await stored(body);
      assert.equal((await listed()).find((one) => one.ref === ref)?.size, 12_345);
    });

    it('verify says whether the bytes are what they were', async () => {
      const body = randomBytes(200_000);
      const ref = await stored(body);
      assert.equal(await blobs.verify(ref), true);
      assert.equal(await blobs.verify(ref, 200_000), true);
      assert.equal(await blobs.verify(ref, 200_001), false);
      await assert.rejects(blobs.verify(blobs.refOf(randomBytes(9))), fails('not-found'));
      await blobs.sync([ref]);
    });
  });
}
