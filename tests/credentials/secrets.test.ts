import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatToken, newTokenText } from '../../lib/auth/token-text.ts';
import { runCommand } from '../support/command.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
before(async () => {
  server = await startServer({ args: ['--workers', '2'], env: { HEARTH_LOG_LEVEL: 'trace' } });
});
after(() => server?.stop());

const api = '/api/hearth/v1';
const json = { 'content-type': 'application/json' };
type Headers = Readonly<Record<string, string>>;

const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, init);
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function made(noun: string, body: object): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${server.token}`, ...json };
  const answer = await ask(`${api}/${noun}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 201);
  return (await answer.json()) as Record<string, string>;
}

async function ticketByCommand(): Promise<string> {
  const { code, stdout, stderr } = await runCommand([
    ...['token', 'ticket', server.login, '--scope', 'read', '--data', server.dataDir],
  ]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^[0-9a-z]{12}_[0-9A-Za-z]{43}\n$/, 'alone on stdout');
  return stdout.trim();
}

/** One of each kind: good ones, and bad ones that look like something and like nothing. */
async function plant(): Promise<Readonly<Record<string, string>>> {
  const auth = { authorization: `Bearer ${server.token}` };
  await ask(`/homes/${server.login}/a.txt`, { method: 'PUT', headers: auth, body: 'a' });
  const { url = '' } = await made('downloads', { path: '/a.txt' });
  const { credential = '' } = await made('mounts', {});
  return {
    password: server.token,
    ticket: await ticketByCommand(),
    credential,
    signature: new URL(url).searchParams.get('signature') ?? '',
    'bad token': formatToken(newTokenText()),
    'bad signature': `${credential.slice(0, -6)}AAAAAA`,
    'strange token': `ghp-${'Zq7'.repeat(12)}`,
  };
}

/** Everything by which a client might hand a secret over, rightly or not. */
function ways(secret: string): readonly [path: string, init: RequestInit][] {
  const home = `/homes/${server.login}`;
  const headers: readonly Headers[] = [
    { authorization: `Bearer ${secret}` },
    { authorization: `bearer  ${secret}` },
    { authorization: `token ${secret}` },
    { authorization: secret },
    { authorization: `Basic ${base64(`nobody:${secret}`)}` },
    { authorization: `Basic ${base64(`nobody:token:${secret}`)}` },
    { authorization: `Basic ${base64(`nobody:key:${secret}`)}` },
    { authorization: `Basic ${base64(`${secret}:`)}` },
    { 'girder-token': secret },
    { cookie: `girderToken=${secret}` },
    { 'x-api-key': secret },
    { 'proxy-authorization': `Bearer ${secret}` },
    { referer: `http://x.example/?token=${secret}` },
    { if: `(<${secret}>)` },
    { 'lock-token': `<${secret}>` },
    { destination: `${server.url}${home}/b.txt?token=${secret}` },
    { 'x-original-uri': `/x?token=${secret}` },
  ];
  const good = { authorization: `Bearer ${server.token}` };
  const found: [string, RequestInit][] = [];
  for (const one of headers) {
    for (const method of ['GET', 'PROPFIND', 'PUT', 'MOVE']) {
      const body = method === 'PUT' ? { body: 'x' } : {};
      found.push([`${home}/lost/a.txt`, { method, headers: one, ...body }]);
    }
    found.push([`${home}/lost/a.txt`, { method: 'MOVE', headers: { ...good, ...one } }]);
    found.push([`${home}/big.bin`, { headers: { ...good, ...one } }]);
    for (const noun of ['tickets', 'mounts', 'mounts/renew', 'downloads']) {
      const sent = { method: 'POST', headers: { ...json, ...one }, body: '{"path":"/lost"}' };
      found.push([`${api}/${noun}`, sent]);
    }
  }
  for (const name of ['token', 'girderToken', 'access_token', 'signature']) {
    found.push([`${home}/lost?${name}=${secret}`, { headers: good }]);
    found.push([`${home}/lost?${name}=${secret}`, {}]);
    found.push([`${api}/downloads/${'a'.repeat(24)}/a.txt?${name}=${secret}`, {}]);
    found.push([`/elsewhere?${name}=${secret}`, {}]);
  }
  for (const body of [
    JSON.stringify({ ticket: secret, path: '/lost' }),
    JSON.stringify({ [secret]: 1 }),
    JSON.stringify({ scope: secret }),
    JSON.stringify({ name: secret, path: '/lost' }),
    `{${secret}`,
    secret,
  ]) {
    for (const noun of ['tickets', 'mounts', 'downloads']) {
      found.push([`${api}/${noun}`, { method: 'POST', headers: { ...json, ...good }, body }]);
    }
    found.push([`${home}/a.txt`, { method: 'PROPPATCH', headers: good, body }]);
  }
  return found;
}

/** As a part of a path a secret is known by its shape alone. */
const inPath = (secret: string): readonly [string, RequestInit][] => [
  [`/homes/${secret}/`, {}],
  [`/homes/${server.login}/${secret}`, { headers: { authorization: `Bearer ${server.token}` } }],
  [`/homes/${server.login}/token%3A${secret}/x`, { headers: { authorization: `Bearer ${server.token}` } }],
  [`${api}/mounts/${secret}`, { method: 'DELETE', headers: { authorization: `Bearer ${server.token}` } }],
];

const parts = (secret: string): readonly string[] => {
  // A JWT's header is no secret; its signature is, and the tail of a token.
  const tail = secret.slice(-24);
  return [tail, encodeURIComponent(tail), base64(`nobody:${secret}`), base64(`nobody:token:${secret}`)];
};

test('no secret is in the log, in an error, in the arguments of a process or in the catalog', async () => {
  const auth = { authorization: `Bearer ${server.token}` };
  const secrets = await plant();
  const big = `/homes/${server.login}/big.bin`;
  const body = new Uint8Array(200_000);
  assert.equal((await ask(big, { method: 'PUT', headers: auth, body })).status, 201);
  // Its bytes are lost: what is asked of it fails inside, and the log has the headers of such requests.
  await rm(join(server.dataDir, 'blobs'), { recursive: true });
  const errors: string[] = [];
  const statuses = new Set<number>();
  for (const [name, secret] of Object.entries(secrets)) {
    const all = [...ways(secret), ...(name === 'strange token' ? [] : inPath(secret))];
    for (const [path, init] of all) {
      const answer = await ask(path, init);
      const text = await answer.text();
      statuses.add(answer.status);
      if (answer.status >= 400) errors.push(text, JSON.stringify([...answer.headers]));
    }
  }
  for (const status of [400, 401, 403, 404, 500]) assert.ok(statuses.has(status), `no ${status} among them`);
  const pids = await family(server.pid);
  assert.ok(pids.length >= 3, 'the first process and its workers');
  const argv = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1')));
  const database = await Promise.all(
    (await readdir(server.dataDir))
      .filter((name) => name.startsWith('catalog.sqlite'))
      .map((name) => readFile(join(server.dataDir, name), 'latin1')),
  );
  await server.stop();
  const log = server.log();
  assert.ok(log.includes('request failed'), 'the log has failures with their headers');
  assert.ok(log.split('\n').length > errors.length / 4, 'the log has the requests');
  assert.ok(database.join('').includes('hearth.signing-keys'), 'the catalog was read');
  const places = { log, errors: errors.join('\n'), argv: argv.join('\n'), catalog: database.join('\n') };
  for (const [name, secret] of Object.entries(secrets)) {
    for (const part of parts(secret)) {
      for (const [place, text] of Object.entries(places)) {
        const at = text.indexOf(part);
        assert.equal(at, -1, `${name} in the ${place}: ${text.slice(Math.max(0, at - 300), at + 100)}`);
      }
    }
  }
});

/** A process and all below it. */
async function family(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const below = children.split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(below.map(family))).flat()];
}
