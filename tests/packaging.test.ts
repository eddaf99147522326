import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageRoot } from '../lib/app/package-root.ts';
import { environment, plainly } from './support/environment.ts';
import { ok } from './support/program.ts';

describe('the package, installed globally', { timeout: 180_000 }, () => {
  let folder: string;
  let hearth: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-package-'));
    const npm = (...args: string[]) =>
      ok('npm', [...args, '--loglevel=error'], { cwd: packageRoot, timeout: 150_000 });
    await npm('pack', '--pack-destination', folder);
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
    await npm('install', '--global', '--no-audit', '--no-fund', '--prefix', folder, join(folder, tarball));
    hearth = join(folder, 'bin', 'hearth');
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  it('says its version and helps', async () => {
    assert.match(await ok(hearth, ['--version']), /^\d+\.\d+\.\d+\n$/);
    assert.match(await ok(hearth, ['--help']), /serve/);
  });

  it('holds compiled JavaScript, no TypeScript', async () => {
    const files = await readdir(join(folder, 'lib', 'node_modules', 'hearth'), { recursive: true });
    const own = files.filter((name) => !name.includes('node_modules'));
    assert.ok(own.includes(join('dist', 'bin', 'hearth.js')));
    assert.deepEqual(
      own.filter((name) => name.endsWith('.ts')),
      [],
    );
  });

  it('serves: a file goes in and comes out, by the threads of the package', async () => {
    const data = join(folder, 'data');
    const child = spawn(...plainly(hearth, ['serve', '--json', '--port', '0', '--data', data]), {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environment(),
    });
    try {
      const [line] = await once(child.stdout, 'data');
      const { url, first } = JSON.parse(String(line));
      const headers = { authorization: `Bearer ${first.password}` };
      const body = new Uint8Array(300_000).fill(7);
      const target = `${url}/homes/${first.login}/x`;
      assert.equal((await fetch(target, { method: 'PUT', headers, body })).status, 201);
      assert.equal((await (await fetch(target, { headers })).arrayBuffer()).byteLength, 300_000);
    } finally {
      child.kill('SIGTERM');
    }
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
});
