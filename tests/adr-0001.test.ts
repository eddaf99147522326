import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environment, plainly } from './support/environment.ts';

/** Every fault is a reason of docs/adr/0001: a test here fails on the day that upstream mends one. */
const program = fileURLToPath(new URL('./adr/webdav-server-child.mjs', import.meta.url));

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

for (const [version, name] of [
  ['2.6.2', 'webdav-server-2.6.2'],
  ['2.6.3', 'webdav-server'],
] as const) {
  describe(`npm webdav-server ${version}`, { timeout: 60_000 }, () => {
    let folder: string;
    let child: ChildProcess;
    let port: number;
    let ended: Promise<unknown>;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'adr-'));
      child = spawn(...plainly(process.execPath, [program, name, folder]), {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: environment(),
      });
      ended = once(child, 'exit');
      assert.ok(child.stdout);
      const [line] = await once(child.stdout, 'data');
      port = Number(line);
    });
    afterEach(async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    });

    function ask(
      method: string,
      path: string,
      headers: Record<string, string> = {},
      body = '',
    ): Promise<Answer> {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const authorization = `Basic ${Buffer.from('ada:secret').toString('base64')}`;
      const length =
        method === 'GET' || 'content-length' in headers
          ? {}
          : { 'content-length': `${Buffer.byteLength(body)}` };
      const options = {
        port,
        method,
        path,
        headers: { authorization, ...length, ...headers },
        timeout: 5000,
      };
      const sent = request({ host: '127.0.0.1', ...options }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', reject);
      sent.end(body);
      return promise;
    }

    const lockBody =
      '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>';

    async function locked(): Promise<string> {
      await ask('PUT', '/file', {}, 'old');
      const { headers } = await ask('LOCK', '/file', { timeout: 'Second-600' }, lockBody);
      return String(headers['lock-token']).replaceAll(/[<>]/g, '');
    }

    /** The process is gone within a second. */
    const dies = async () =>
      (await Promise.race([ended.then(() => true), sleep(3000).then(() => false)])) === true;

    it('one PROPPATCH with two set blocks ends the process', async () => {
      await ask('PUT', '/file', {}, 'old');
      const set = '<D:set><D:prop><a xmlns="x:">1</a></D:prop></D:set>';
      const body = `<D:propertyupdate xmlns:D="DAV:">${set}${set}</D:propertyupdate>`;
      await ask('PROPPATCH', '/file', {}, body).catch(() => undefined);
      assert.equal(await dies(), true);
    });

    it('one PROPFIND with a Content-Length that lies ends the process', async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('PROPFIND / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000000000\r\n\r\n<');
      assert.equal(await dies(), true);
      socket.destroy();
    });

    it('an untagged If, as Finder sends it after LOCK, is fatal to 2.6.3', async () => {
      const token = await locked();
      await ask('PUT', '/file', { if: `(<${token}>)` }, 'new').catch(() => undefined);
      assert.equal(await dies(), version === '2.6.3');
    });

    it('a locked file is overwritten without its token, by the same user', async () => {
      await locked();
      const { status } = await ask('PUT', '/file', {}, 'new');
      assert.ok(status < 300, `${status}`);
    });

    it('If-Match and If-None-Match are not looked at', async () => {
      await ask('PUT', '/file', {}, 'old');
      for (const headers of [{ 'if-match': '"bogus"' }, { 'if-none-match': '*' }]) {
        const { status } = await ask('PUT', '/file', headers as Record<string, string>, 'new');
        assert.ok(status < 300, `${status}`);
      }
    });

    it('an upload that breaks off leaves a truncated file', async () => {
      await ask('PUT', '/file', {}, 'x'.repeat(100_000));
      const socket = connect(port, '127.0.0.1');
      socket.write('PUT /file HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nonly this');
      await sleep(500);
      socket.destroy();
      await sleep(300);
      assert.ok((await readFile(join(folder, 'file'))).length < 100_000);
    });

    it('GET has no ETag, and a range beyond the end is no 416', async () => {
      await writeFile(join(folder, 'plain'), 'x'.repeat(100));
      await ask('PUT', '/file', {}, 'x'.repeat(100));
      const whole = await ask('GET', '/file');
      assert.equal(whole.status, 200);
      assert.equal(whole.headers.etag, undefined);
      assert.equal(whole.headers['last-modified'], undefined);
      const part = await ask('GET', '/file', { range: 'bytes=10-19' });
      assert.match(String(part.headers['content-range']), /\/\*$/);
      const beyond = await ask('GET', '/file', { range: 'bytes=1000-2000' }).catch(() => undefined);
      assert.notEqual(beyond?.status, 416);
    });
  });
}
