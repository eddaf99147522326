import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { filesystemBlobs } from '../../lib/blobs/filesystem.ts';
import type { BlobStore } from '../../lib/core/contracts.ts';
import { isStoreError } from '../../lib/core/error.ts';
import { blobStoreSuite } from '../conformance/blobs.ts';
import { bytes } from '../support/bytes.ts';

blobStoreSuite('files', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hearth-blobs-'));
  const blobs = await filesystemBlobs({ root });
  return {
    blobs,
    reopen: () => filesystemBlobs({ root }),
    close: async () => {
      await blobs.close();
      await rm(root, { recursive: true });
    },
  };
});

describe('Girder’s assetstore layout', () => {
  let root: string;
  let blobs: BlobStore;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'hearth-blobs-'));
    blobs = await filesystemBlobs({ root, cache: 0 });
  });
  after(async () => {
    await blobs?.close();
    await rm(root, { recursive: true });
  });
  const pathOf = (ref: string) => join(root, ref.slice(0, 2), ref.slice(2, 4), ref);

  it('a blob is ab/cd/<sha512>, 0600; the empty file is one too', async () => {
    for (const body of [randomBytes(100), randomBytes(100_000), Buffer.alloc(0)]) {
      const stage = await blobs.stage();
      await stage.append(body);
      const { ref } = await stage.commit('durable');
      assert.equal(ref, hash('sha512', body));
      assert.equal((await stat(pathOf(ref))).mode & 0o777, 0o600);
    }
    assert.ok((await readdir(join(root, 'cf', '83'))).some((name) => name.startsWith('cf83e1')));
    assert.deepEqual(await readdir(join(root, 'temp')), []);
  });

  it('a blob cut short on the disk is an error that says what to do', async () => {
    const { ref } = await blobs.putSmall(randomBytes(300_000), 'stored');
    await truncate(pathOf(ref), 1000);
    const reading = async () => bytes(await blobs.open(ref, { offset: 0, length: 300_000 }));
    await assert.rejects(reading, (error) => isStoreError(error, 'internal') && /fsck/.test(error.message));
    assert.equal(await blobs.verify(ref), false);
  });

  it('a blob that a collector held when it died comes back when it is asked for', async () => {
    const body = randomBytes(100_000);
    const { ref } = await blobs.putSmall(body, 'stored');
    await rename(pathOf(ref), join(root, 'temp', `condemned-${ref}`));
    assert.ok((await bytes(await blobs.open(ref))).equals(body));
  });

  it('no message names a path of the disk', async () => {
    await assert.rejects(blobs.open(hash('sha512', 'nothing')), (error) => {
      assert.ok(isStoreError(error, 'not-found'));
      return !error.message.includes(root);
    });
  });
});
