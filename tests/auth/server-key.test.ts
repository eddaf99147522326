import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { serverKey, subkey } from '../../lib/auth/server-key.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hearth-key-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('the key is made once, for its owner alone', async (t) => {
  const data = join(await folder(t), 'data');
  const first = await serverKey(data);
  const again = await serverKey(data);
  assert.ok(first.equals(again));
  assert.deepEqual(await readdir(data), ['secret.key']);
  assert.equal((await stat(join(data, 'secret.key'))).mode & 0o777, 0o600);
  assert.match(await readFile(join(data, 'secret.key'), 'utf8'), /^[0-9a-f]{64}\n$/);
});

test('processes that start together end up with one key', async (t) => {
  const data = await folder(t);
  const module = new URL('../../lib/auth/server-key.ts', import.meta.url).href;
  const script = `const { serverKey } = await import(${JSON.stringify(module)});
    console.log((await serverKey(${JSON.stringify(data)})).export().toString('hex'))`;
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const keys = await Promise.all(Array.from({ length: 4 }, async () => (await run()).stdout.trim()));
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(await readdir(data), ['secret.key']);
});

test('a given secret wins over the file, and a short one is refused', async (t) => {
  const data = await folder(t);
  const given = await serverKey(data, 'a sentence that is long enough for a key');
  assert.deepEqual(await readdir(data), []);
  assert.ok(!given.equals(await serverKey(data)));
  await assert.rejects(serverKey(data, 'short'), /HEARTH_SECRET must hold/);
});

test('a key file that others can read, or that is damaged, is refused with what to do', async (t) => {
  const data = await folder(t);
  await serverKey(data);
  await chmod(join(data, 'secret.key'), 0o644);
  await assert.rejects(serverKey(data), /chmod 600/);
  await writeFile(join(data, 'secret.key'), '\n');
  await chmod(join(data, 'secret.key'), 0o600);
  await assert.rejects(serverKey(data), /64 hexadecimal digits/);
});

test('keys for two purposes differ', async (t) => {
  const key = await serverKey(await folder(t));
  assert.ok(!subkey(key, 'a').equals(subkey(key, 'b')));
  assert.ok(subkey(key, 'a').equals(subkey(key, 'a')));
});
