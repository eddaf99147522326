import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { basic, installation } from './hearth.ts';

type Installation = Awaited<ReturnType<typeof installation>>;

/** A user with three files, two of them too large to wait in the catalog. */
async function withFiles({ folder, json }: Installation): Promise<void> {
  const source = join(folder, 'files');
  await mkdir(source);
  await writeFile(join(source, 'a.bin'), Buffer.alloc(200_000, 1));
  await writeFile(join(source, 'b.bin'), Buffer.alloc(300_000, 2));
  await writeFile(join(source, 'small.txt'), 'small');
  await json('user', 'add', 'ada.l');
  await json('import', source, '--user', 'ada.l');
}

/** Paths of the blobs in the file store. */
async function blobsOf(data: string): Promise<string[]> {
  const entries = await readdir(join(data, 'blobs'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /^[0-9a-f]{128}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

test('fsck finds what is missing, cut short or damaged, names the file and exits with 1', async (t) => {
  const place = await installation(t);
  await withFiles(place);
  const { hearth, json, data } = place;
  const good = await json('fsck', '--deep', '--repair');
  assert.deepEqual([good.files, good.clean, good.repaired], [3, true, []]);
  const sizes = new Map<number, string>();
  for (const path of await blobsOf(data)) sizes.set((await stat(path)).size, path);
  await rm(sizes.get(200_000) ?? '');
  await writeFile(sizes.get(300_000) ?? '', Buffer.alloc(300_000, 3));
  const quick = await hearth('fsck');
  assert.equal(quick.code, 1);
  assert.match(quick.stdout, /^missing: \/home\/a\.bin: .*restore them from a backup/m);
  const deep = JSON.parse((await hearth('fsck', '--deep', '--json')).stdout);
  assert.deepEqual(deep.problems.map((one: { kind: string }) => one.kind).sort(), ['hash', 'missing']);
});

test('gc removes what nothing uses and is not young, and spares the rest', async (t) => {
  const place = await installation(t);
  await withFiles(place);
  const { json, data, hearth } = place;
  const before = (await blobsOf(data)).length;
  const old = new Date(Date.now() - 48 * 3600_000);
  for (const path of await blobsOf(data)) await utimes(path, old, old);
  assert.equal((await json('gc', '--younger-than', '0s')).removed, 0);

  const { serve } = place;
  const { token } = await json('token', 'create', 'ada.l');
  const server = await serve();
  await fetch(`${server.url}/homes/ada.l/a.bin`, { method: 'DELETE', headers: basic('ada.l', token) });
  await server.stop();
  assert.equal((await json('gc', '--younger-than', '0s')).removed, 0, 'the trash still needs it');
  await json('trash', 'empty', 'ada.l');
  const dry = await json('gc', '--dry-run', '--younger-than', '0s');
  assert.deepEqual([dry.removed, dry.bytes], [1, 200_000]);
  assert.equal((await json('gc', '--younger-than', '0s')).removed, 1);
  assert.ok((await blobsOf(data)).length <= before);
  assert.equal((await hearth('fsck', '--deep')).code, 0);
});

test('what was removed is listed in the trash and restored where it was', async (t) => {
  const place = await installation(t);
  await withFiles(place);
  const { json, serve, hearth } = place;
  const { token } = await json('token', 'create', 'ada.l');
  const server = await serve();
  const headers = basic('ada.l', token);
  const file = `${server.url}/homes/ada.l/a.bin`;
  assert.equal((await fetch(file, { method: 'DELETE', headers })).status, 204);
  assert.equal((await fetch(file, { headers })).status, 404);
  const [removed] = await json('trash', 'list', 'ada.l');
  assert.deepEqual([removed.path, removed.kind], ['/a.bin', 'file']);
  assert.match((await hearth('trash', 'list', 'ada.l')).stdout, /\/a\.bin/);

  assert.equal((await json('trash', 'restore', 'ada.l', removed.id)).path, '/a.bin');
  assert.equal((await fetch(file, { headers })).status, 200);
  assert.deepEqual(await json('trash', 'list', 'ada.l'), []);
  assert.match((await hearth('trash', 'restore', 'ada.l', removed.id)).stderr, /The trash of ada\.l has no/);
});

test('a removed file goes to another place when that is said', async (t) => {
  const place = await installation(t);
  await withFiles(place);
  const { json, serve } = place;
  const { token } = await json('token', 'create', 'ada.l');
  const server = await serve();
  const headers = basic('ada.l', token);
  await fetch(`${server.url}/homes/ada.l/small.txt`, { method: 'DELETE', headers });
  const [removed] = await json('trash', 'list', 'ada.l');
  const restored = await json('trash', 'restore', 'ada.l', removed.id, '--to', '/rescued.txt');
  assert.equal(restored.path, '/rescued.txt');
  assert.equal(await (await fetch(`${server.url}/homes/ada.l/rescued.txt`, { headers })).text(), 'small');
});

test('a backup made while serving is restored with every byte, user and password', async (t) => {
  const place = await installation(t);
  await withFiles(place);
  const { json, serve, folder, hearth } = place;
  const { token } = await json('token', 'create', 'ada.l');
  const server = await serve();
  const headers = basic('ada.l', token);
  const backup = join(folder, 'backup');
  let writing = true;
  const writes = (async () => {
    for (let i = 0; writing; i++) {
      const body = Buffer.alloc(100_000, i);
      await fetch(`${server.url}/homes/ada.l/busy-${i % 5}.bin`, { method: 'PUT', headers, body });
    }
  })();
  const first = await json('backup', backup);
  writing = false;
  await writes;
  assert.ok(first.copied >= 2);
  await fetch(`${server.url}/homes/ada.l/late.txt`, { method: 'PUT', headers, body: 'late' });
  const second = await json('backup', backup);
  assert.ok(second.present >= 2, 'copied again what was there');
  await server.stop();
  assert.equal((await stat(join(backup, 'secret.key'))).mode & 0o777, 0o600);

  const fresh = join(folder, 'fresh');
  const restored = await json('restore', backup, '--data', fresh);
  assert.equal(restored.files, second.files);
  assert.equal((await json('fsck', '--deep', '--data', fresh)).clean, true);
  const again = await serve(['--data', fresh]);
  assert.equal(again.first, null);
  const late = await fetch(`${again.url}/homes/ada.l/late.txt`, { headers });
  assert.equal(await late.text(), 'late');
  const occupied = await hearth('restore', backup, '--data', fresh);
  assert.equal(occupied.code, 1);
  assert.match(occupied.stderr, /is in use; .*new data folder/);
});

test('a damaged backup is not restored as if it were whole', async (t) => {
  const place = await installation(t);
  await withFiles(place);
  const { json, hearth, folder } = place;
  const backup = join(folder, 'backup');
  await json('backup', backup);
  const [blob] = (await blobsOf(backup)).filter((path) => path.length > 0);
  const good = await readFile(blob ?? '');
  await writeFile(blob ?? '', Buffer.alloc(good.length, 9));
  const fresh = join(folder, 'fresh');
  const failed = await hearth('restore', backup, '--data', fresh);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /damaged/);
  assert.match((await hearth('fsck', '--data', fresh)).stderr, /There is no Hearth at/);
  await writeFile(blob ?? '', good);
  await json('restore', backup, '--data', fresh);
  assert.equal((await json('fsck', '--deep', '--data', fresh)).clean, true);
});

test('a folder that holds no backup is refused', async (t) => {
  const { hearth, folder } = await installation(t);
  const ran = await hearth('restore', folder);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /holds no finished backup/);
});
