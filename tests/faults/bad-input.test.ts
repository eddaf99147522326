import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { randomFrom } from '../support/random.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** What a hostile or broken client sends to a real server: the right status, nobody's names, no growth. */
describe('bad input', { timeout: 120_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ args: ['--durability', 'relaxed'], env: { HEARTH_LOG_LEVEL: 'warn' } });
  });
  after(async () => server?.stop());

  const home = () => `/homes/${server.login}`;
  const auth = () => `Authorization: Bearer ${server.token}\r\n`;

  /** Bytes as they are, to a new connection; the status line's code, or undefined where there is none. */
  function raw(text: string | Buffer, wait = 5000): Promise<number | undefined> {
    const { hostname, port } = new URL(server.url);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const socket = connect(Number(port), hostname);
    let got = '';
    const done = () => {
      socket.destroy();
      resolve(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1] === undefined ? undefined : Number(got.slice(9, 12)));
    };
    socket.setTimeout(wait, done);
    socket.on('error', done);
    socket.on('close', done);
    socket.on('data', (part) => {
      got += part.toString('latin1');
      if (got.includes('\r\n\r\n')) done();
    });
    socket.write(text);
    return promise;
  }

  const ask = (method: string, path: string, headers = '', body = '') =>
    raw(
      `${method} ${path} HTTP/1.1\r\nHost: x\r\n${auth()}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );

  it('paths that are none are 400, and escape to nowhere', async () => {
    const bad = [
      '/%00',
      '/a%2Fb',
      '/..%2f..%2fetc/passwd',
      '/%2e%2e/x',
      '/../x',
      '/%ff',
      '/%',
      `/${'n'.repeat(256)}`,
      '/a#b',
    ];
    for (const path of bad) {
      for (const method of ['GET', 'PUT', 'PROPFIND', 'DELETE', 'MKCOL']) {
        assert.equal(await ask(method, home() + path), 400, `${method} ${path}`);
      }
    }
    assert.equal(await ask('PUT', `${home()}/${'n'.repeat(255)}`), 201);
  });

  it('destinations that are none, foreign, or somebody else’s', async () => {
    assert.equal(await ask('PUT', `${home()}/here`, '', 'x'), 201);
    const cases: readonly (readonly [string, number])[] = [
      ['http://elsewhere.example/x', 502],
      ['/homes/nobody/x', 404],
      [`${home()}/a%2Fb`, 400],
      [`${home()}/../other/x`, 400],
      ['not a destination', 400],
      [`${home()}/no/parent`, 409],
    ];
    for (const method of ['COPY', 'MOVE']) {
      for (const [destination, status] of cases) {
        assert.equal(
          await ask(method, `${home()}/here`, `Destination: ${destination}\r\n`),
          status,
          `${method} ${destination}`,
        );
      }
    }
  });

  it('XML that is broken, deep, huge or a bomb is refused', async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><D:propfind xmlns:D="DAV:"><D:prop>&b;</D:prop></D:propfind>`;
    const cases: readonly (readonly [string, number])[] = [
      ['<', 400],
      ['<D:propfind xmlns:D="DAV:"><D:prop>', 400],
      ['<D:propfind><D:prop/></D:propfind>', 400],
      [bomb, 400],
      ['<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', 400],
      ['<a>'.repeat(10_000), 413],
    ];
    for (const method of ['PROPFIND', 'PROPPATCH', 'LOCK']) {
      for (const [body, status] of cases) {
        const found = await ask(method, `${home()}/`, 'Depth: 0\r\nContent-Type: application/xml\r\n', body);
        assert.equal(found, status, `${method} ${body.slice(0, 40)}`);
      }
    }
    const huge = `<D:propfind xmlns:D="DAV:"><D:prop>${'<D:getetag/>'.repeat(200_000)}</D:prop></D:propfind>`;
    assert.equal(await ask('PROPFIND', `${home()}/`, 'Depth: 0\r\n', huge), 413);
  });

  it('headers in thousands are refused, and so is what is no HTTP', async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => `X-${n}: y\r\n`).join('');
    assert.equal(await ask('GET', `${home()}/here`, many), 431);
    assert.equal(await raw('\0\x01\x02 hello\r\n\r\n'), 400);
    assert.equal(
      await raw(
        `GET ${home()}/here HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ),
      400,
    );
    assert.equal(
      await raw(`PUT ${home()}/x HTTP/1.1\r\nHost: x\r\n${auth()}Content-Length: abc\r\n\r\n`),
      400,
    );
    assert.equal(await ask('BREW', `${home()}/here`), 400);
    assert.equal(await ask('SEARCH', `${home()}/here`), 405);
  });

  it('a length that lies changes nothing', async () => {
    const head = `PUT ${home()}/here HTTP/1.1\r\nHost: x\r\n${auth()}`;
    await raw(`${head}Content-Length: 9007199254740991\r\n\r\nshort`, 300);
    await raw(`${head}Content-Length: 100\r\n\r\nshort`, 300);
    const headers = { authorization: `Bearer ${server.token}` };
    const read = await fetch(`${server.url}${home()}/here`, { headers });
    assert.equal(await read.text(), 'x');
  });

  it('five thousand requests of random bytes: the server lives, and its memory is what it was', async () => {
    const random = randomFrom(5);
    const rss = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const noise = (most: number) =>
      Array.from({ length: random() * most }, () => String.fromCharCode(33 + random() * 90)).join('');
    const headers = [
      'If',
      'Depth',
      'Destination',
      'Timeout',
      'Lock-Token',
      'Range',
      'If-Match',
      'Overwrite',
      'X-Update-Range',
    ];
    const methods = [
      'GET',
      'PUT',
      'PROPFIND',
      'PROPPATCH',
      'LOCK',
      'UNLOCK',
      'COPY',
      'MOVE',
      'DELETE',
      'MKCOL',
      'PATCH',
    ];
    const burst = async (count: number) => {
      for (let n = 0; n < count; n += 20) {
        const all = Array.from({ length: 20 }, () => {
          const junk = Array.from({ length: 3 }, () => `${pick(headers)}: ${noise(60)}\r\n`).join('');
          return ask(pick(methods), `${home()}/junk/${encodeURIComponent(noise(20))}`, junk, noise(300));
        });
        for (const status of await Promise.all(all))
          assert.ok(status !== undefined && (status < 500 || status === 502), `${status}`);
      }
    };
    await burst(1000);
    const before = rss();
    await burst(4000);
    const grown = rss() - before;
    assert.ok(grown < 80, `grew by ${grown.toFixed(0)} MiB`);
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  });
});
