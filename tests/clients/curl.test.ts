import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs } from '../support/needs.ts';
import { ok } from '../support/program.ts';
import { startServer, type TestServer } from '../support/server.ts';

describe('curl', { skip: needs('curl'), timeout: 60_000 }, () => {
  let server: TestServer;
  let folder: string;
  let body: Buffer;
  before(async () => {
    server = await startServer();
    folder = await mkdtemp(join(tmpdir(), 'curl-'));
    body = randomBytes(3_000_000);
    await writeFile(join(folder, 'body'), body);
    // The credential comes from a file, so that it is in no argument list.
    await writeFile(
      join(folder, 'netrc'),
      `machine 127.0.0.1 login ${server.login} password ${server.token}\n`,
    );
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const url = (name: string) => `${server.url}/homes/${server.login}/${name}`;
  const curl = (...args: string[]) => ok('curl', ['-sS', '--netrc-file', join(folder, 'netrc'), ...args]);
  const status = async (...args: string[]) =>
    Number(await curl('-o', join(folder, 'answer'), '-w', '%{http_code}', ...args));
  const answer = () => readFile(join(folder, 'answer'));

  it('uploads with 100-continue and chunked, and gets the same bytes back', async () => {
    assert.equal(await status('-T', join(folder, 'body'), '-H', 'Expect: 100-continue', url('a')), 201);
    assert.equal(await status('-T', join(folder, 'body'), '-H', 'Transfer-Encoding: chunked', url('b')), 201);
    for (const name of ['a', 'b']) {
      assert.equal(await status(url(name)), 200);
      assert.ok((await answer()).equals(body));
    }
  });

  it('goes on with a broken download, and asks for parts', async () => {
    await writeFile(join(folder, 'answer'), body.subarray(0, 1_000_000));
    assert.equal(await status('-C', '-', url('a')), 206);
    assert.ok((await answer()).equals(body));
    assert.equal(await status('-r', '10-19', url('a')), 206);
    assert.ok((await answer()).equals(body.subarray(10, 20)));
    assert.equal(await status('-r', '-5', url('a')), 206);
    assert.ok((await answer()).equals(body.subarray(-5)));
    assert.equal(await status('-r', '3000000-', url('a')), 416);
    assert.equal(await status('-r', '0-1,2000000-2000001', url('a')), 206);
    assert.match((await answer()).toString('latin1'), /Content-Range: bytes 2000000-2000001\/3000000/i);
  });

  it('conditions: 304, 412', async () => {
    const tag = /^etag: (.*)$/im.exec(await curl('-I', url('a')))?.[1]?.trim() ?? '';
    assert.equal(await status('-H', `If-None-Match: ${tag}`, url('a')), 304);
    assert.equal(await status('-X', 'PUT', '-d', 'x', '-H', 'If-Match: "bogus"', url('a')), 412);
    assert.equal(await status('-X', 'PUT', '-d', 'x', '-H', 'If-None-Match: *', url('a')), 412);
    assert.equal(await status('-X', 'DELETE', '-H', 'If-Match: "bogus"', url('a')), 412);
    assert.equal(await status(url('a')), 200);
    assert.ok((await answer()).equals(body), 'a refused change changed nothing');
    assert.equal(await status('-T', join(folder, 'body'), '-H', `If-Match: ${tag}`, url('a')), 204);
  });

  it('a file comes as it is to a client that would take it compressed, with the same tag', async () => {
    const text = 'the same line again\n'.repeat(5000);
    await writeFile(join(folder, 'text'), text);
    assert.equal(await status('-T', join(folder, 'text'), url('text.txt')), 201);
    const [plain, offered] = [
      await curl('-I', url('text.txt')),
      await curl('-D', '-', '-o', join(folder, 'answer'), '-H', 'Accept-Encoding: gzip, br', url('text.txt')),
    ];
    assert.equal((await answer()).toString(), text);
    assert.doesNotMatch(offered, /^content-encoding:/im);
    const tag = /^etag: .*$/im;
    assert.ok(tag.test(plain));
    assert.equal(tag.exec(offered)?.[0], tag.exec(plain)?.[0]);
  });

  it('an upload that breaks off leaves the old file', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    const authorization = `Basic ${Buffer.from(`${server.login}:${server.token}`).toString('base64')}`;
    socket.write(
      `PUT /homes/${server.login}/a HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 3000000\r\n\r\n`,
    );
    socket.write(randomBytes(500_000));
    await sleep(200);
    socket.destroy();
    await sleep(100);
    assert.equal(await status(url('a')), 200);
    assert.ok((await answer()).equals(body));
  });

  it('a refused upload with 100-continue sends no body', async () => {
    const sent = await curl(
      '-o',
      join(folder, 'answer'),
      '-w',
      '%{http_code} %{size_upload}',
      '-T',
      join(folder, 'body'),
      '-H',
      'Expect: 100-continue',
      '-H',
      'If-Match: "bogus"',
      url('a'),
    );
    assert.equal(sent, '412 0');
  });
});
