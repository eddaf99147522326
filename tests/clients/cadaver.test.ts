import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { needs } from '../support/needs.ts';
import { ok } from '../support/program.ts';
import { startServer, type TestServer } from '../support/server.ts';

describe('cadaver', { skip: needs('cadaver'), timeout: 60_000 }, () => {
  let server: TestServer;
  let folder: string;
  before(async () => {
    server = await startServer();
    folder = await mkdtemp(join(tmpdir(), 'cadaver-'));
    const netrc = join(folder, '.netrc');
    await writeFile(netrc, `machine 127.0.0.1\nlogin ${server.login}\npassword ${server.token}\n`);
    await chmod(netrc, 0o600);
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const session = (...lines: string[]) =>
    ok('cadaver', [`${server.url}/homes/${server.login}/`], {
      cwd: folder,
      env: { HOME: folder },
      input: `${lines.join('\n')}\nquit\n`,
    });

  it('puts and gets the same bytes, and lists them', async () => {
    const body = randomBytes(123_456);
    await writeFile(join(folder, 'up.bin'), body);
    const output = await session('put up.bin', 'ls', 'get up.bin down.bin');
    assert.match(output, /Uploading up\.bin[^\n]*succeeded/);
    assert.match(output, /up\.bin\s+123456/);
    assert.ok((await readFile(join(folder, 'down.bin'))).equals(body));
  });

  it('makes folders, copies, moves and removes', async () => {
    const output = await session(
      'mkcol box',
      'copy up.bin box/copy.bin',
      'move up.bin box/moved.bin',
      'ls box',
      'delete box/copy.bin',
      'rmcol box',
    );
    assert.equal(output.match(/succeeded/g)?.length, 6, output);
    assert.doesNotMatch(output, /failed/);
    assert.match(output, /copy\.bin\s+123456[\s\S]*moved\.bin\s+123456/);
  });

  it('locks, discovers, refuses others, and unlocks', async () => {
    const output = await session(
      'put up.bin',
      'lock up.bin',
      'discover up.bin',
      'put up.bin',
      'showlocks',
      'unlock up.bin',
    );
    assert.doesNotMatch(output, /failed/i, output);
    assert.match(output, /Lock token <urn:uuid:/);
    assert.match(output, /Scope: exclusive/i);
  });

  it('sets and shows properties', async () => {
    const output = await session('propset up.bin colour blue', 'propget up.bin colour', 'propnames up.bin');
    assert.doesNotMatch(output, /failed/i, output);
    assert.match(output, /Value of colour is: blue/);
    assert.match(output, /getetag/);
  });
});
