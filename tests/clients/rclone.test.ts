import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { needs } from '../support/needs.ts';
import { ok, run } from '../support/program.ts';
import { startServer, type TestServer } from '../support/server.ts';

const names = [
  'plain.txt',
  'with space.bin',
  'ümlaut-é.txt',
  'per%cent#hash?.dat',
  'a&b<c>.xml',
  '日本語.csv',
];

for (const vendor of ['other', 'owncloud', 'nextcloud']) {
  describe(`rclone, vendor ${vendor}`, { skip: needs('rclone'), timeout: 120_000 }, () => {
    let server: TestServer;
    let folder: string;
    let env: Record<string, string>;
    const rclone = (...args: string[]) => ok('rclone', ['--config=', '--retries', '1', ...args], { env });

    before(async () => {
      server = await startServer();
      folder = await mkdtemp(join(tmpdir(), 'rclone-'));
      const pass = (await ok('rclone', ['--config=', 'obscure', '-'], { input: server.token })).trim();
      env = {
        RCLONE_CONFIG_H_TYPE: 'webdav',
        RCLONE_CONFIG_H_URL: `${server.url}/homes/${server.login}/`,
        RCLONE_CONFIG_H_VENDOR: vendor,
        RCLONE_CONFIG_H_USER: server.login,
        RCLONE_CONFIG_H_PASS: pass,
      };
      for (const sub of ['', 'sub', 'sub/deeper']) {
        await mkdir(join(folder, 'in', sub), { recursive: true });
        for (const [n, name] of names.entries()) {
          const path = join(folder, 'in', sub, name);
          await writeFile(path, randomBytes(n * 40_000));
          await utimes(path, 1_600_000_000 + n, 1_600_000_000 + n);
        }
      }
    });
    after(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('a tree goes in and comes out byte for byte, whatever the names', async () => {
      await rclone('copy', join(folder, 'in'), 'h:tree');
      await rclone('check', '--download', join(folder, 'in'), 'h:tree');
      await rclone('copy', 'h:tree', join(folder, 'out'));
      await ok('diff', ['-r', join(folder, 'in'), join(folder, 'out')]);
    });

    it('a second sync has nothing to send', async () => {
      const output = await rclone('sync', '-v', '--stats-one-line', join(folder, 'in'), 'h:tree');
      assert.doesNotMatch(output, /Copied|Updated modification/, output);
    });

    // The vendor `other` knows neither.
    const sends = vendor === 'other' ? undefined : it;
    sends?.('times and checksums are kept', async () => {
      const listed = JSON.parse(await rclone('lsjson', '--hash', 'h:tree'));
      const found = listed.find((one: { Name: string }) => one.Name === 'with space.bin');
      assert.equal(Date.parse(found.ModTime), 1_600_000_001_000);
      const sha1 = createHash('sha1')
        .update(await readFile(join(folder, 'in', 'with space.bin')))
        .digest('hex');
      assert.equal(found.Hashes?.sha1 ?? found.Hashes?.['SHA-1'], sha1);
      // By checksums alone, nothing is downloaded.
      await rclone('check', join(folder, 'in'), 'h:tree');
      await rclone('copy', 'h:tree/plain.txt', join(folder, 'timed'));
      assert.equal((await stat(join(folder, 'timed', 'plain.txt'))).mtimeMs, 1_600_000_000_000);
    });

    it('moves, copies on the server, counts, and purges', async () => {
      await rclone('copyto', 'h:tree/sub', 'h:copied');
      await rclone('moveto', 'h:copied', 'h:moved');
      await rclone('check', '--download', join(folder, 'in', 'sub'), 'h:moved');
      const { count } = JSON.parse(await rclone('size', '--json', 'h:moved'));
      assert.equal(count, names.length * 2);
      assert.match(await rclone('about', 'h:'), /Used/);
      await rclone('purge', 'h:moved');
      const { code } = await run('rclone', ['--config=', 'lsf', 'h:moved'], { env });
      assert.notEqual(code, 0);
    });
  });
}
