import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runCommand } from '../support/command.ts';
import { startServer, type TestServer } from '../support/server.ts';

const run = promisify(execFile);

describe('a full disk', {
  skip: process.getuid?.() === 0 ? false : 'mounting a small tmpfs needs root',
}, () => {
  let folder: string;
  let server: TestServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-full-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]);
    server = await startServer({ login: 'ada1', dataDir: join(folder, 'data') });
  });
  after(async () => {
    await server?.stop();
    await run('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });

  const url = (name: string) => `${server.url}/homes/${server.login}/${name}`;
  const headers = () => ({ authorization: `Bearer ${server.token}` });

  it('answers 507, keeps every acknowledged file, and works again when there is room', async () => {
    const kept = new Map<string, Uint8Array<ArrayBuffer>>();
    const seen = new Set<number>();
    for (let n = 0; n < 400 && !(seen.has(507) && n % 40 === 39); n++) {
      const body = new Uint8Array(randomBytes(n % 3 === 0 ? 700_000 : 20_000));
      const response = await fetch(url(`f${n}`), { method: 'PUT', headers: headers(), body });
      seen.add(response.status);
      if (response.status === 201) kept.set(`f${n}`, body);
      else assert.equal(response.status, 507, await response.text());
    }
    assert.ok(seen.has(507) && seen.has(201), [...seen].join());
    for (const [name, body] of kept) {
      const response = await fetch(url(name), { headers: headers() });
      assert.equal(response.status, 200, name);
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(body)), name);
    }
    await run('mount', ['-o', 'remount,size=64m', folder]);
    const again = await fetch(url('again'), { method: 'PUT', headers: headers(), body: 'room' });
    assert.equal(again.status, 201, await again.text());
    const { code, stdout, stderr } = await runCommand(['fsck', '--deep', '--data', server.dataDir]);
    assert.equal(code, 0, stdout + stderr);
  });
});
