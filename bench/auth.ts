/** What authentication adds to PROPFIND depth 0: `npm run bench:auth [-- --rounds N]`. Prints a table. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Koa from 'koa';
import { compose } from '../lib/app/compose.ts';
import { loadConfig } from '../lib/app/config.ts';
import { readEnvironment } from '../lib/app/env.ts';
import { objectIds } from '../lib/app/ids.ts';
import { createLog } from '../lib/app/log.ts';
import { createUser } from '../lib/app/people.ts';
import { mintAppPassword } from '../lib/auth/app-password.ts';
import type { Authenticator } from '../lib/core/contracts.ts';
import { parsePath } from '../lib/core/path.ts';
import { webdavHandler } from '../lib/webdav/handler.ts';
import { load } from './load.ts';
import { fourProperties } from './work/propfind-depth0.ts';
import { median } from './work/work.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const rounds = Number(values.rounds);
const many = 100_000;
const seconds = 3;

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An issuer as small as one can be: what is measured is a token that was checked before. */
async function issuer() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }];
  let url = '';
  const server = createServer((request, response) => {
    const document = { issuer: url, jwks_uri: `${url}/keys` };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys } : document));
  });
  url = await listen(server);
  const token = await new SignJWT({ preferred_username: 'bench.foreign' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })
    .setIssuer(url)
    .setAudience('bench')
    .setSubject('s')
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(privateKey);
  return { url, token, server };
}

const folder = await mkdtemp(join(tmpdir(), 'hearth-bench-auth-'));
const foreign = await issuer();
const accounts = { create: true, login: ['preferred_username'], clash: 'number', quota: null };
const config = await loadConfig({
  env: readEnvironment({}),
  flags: {
    data: folder,
    'identity.issuers': [{ issuer: foreign.url, audience: ['bench'], accounts }],
    'log.level': 'silent',
  },
});
const house = await compose(config);
const log = createLog(config);
const servers: Server[] = [foreign.server];
try {
  const { catalog, workspaces, clock } = house;
  const ids = objectIds(clock);
  const user = await createUser(catalog.accounts, ids, { login: 'bench.local' }, clock());
  const request = { user: user.id, name: 'bench', write: true };
  const { text, record } = mintAppPassword(house.key, request, clock());
  await catalog.accounts.createToken(record);
  const principal = {
    ...{ user: user.id, login: user.login, admin: false, home: user.home, write: true, root: null },
    credential: 'none',
  };
  const everybody: Authenticator = { authenticate: async () => principal };
  const known = await house.authenticator.authenticate({ kind: 'token', token: foreign.token }, clock());
  if (known === undefined) throw new Error('the foreign token is not known');
  for (const one of [principal, known]) {
    const path = parsePath('/home/file.txt');
    await workspaces.open(one).write({ path }, Buffer.from('a short text'));
  }

  const serve = async (authenticator: Authenticator) => {
    const app = new Koa();
    app.use(webdavHandler({ workspaces, authenticator, clock, log }));
    const server = createServer(app.callback());
    servers.push(server);
    return listen(server);
  };
  const cases = [
    { name: 'no check', url: await serve(everybody), login: user.login, token: text },
    { name: 'app password', url: await serve(house.authenticator), login: user.login, token: text },
    {
      name: 'foreign token (JWT), cached',
      url: await serve(house.authenticator),
      login: known.login,
      token: foreign.token,
    },
  ];
  const ask = async (one: (typeof cases)[number]) => {
    const { rate, refused } = await load(folder, {
      method: 'PROPFIND',
      url: `${one.url}/homes/${one.login}/file.txt`,
      authorization: `Bearer ${one.token}`,
      headers: { Depth: '0', 'Content-Type': 'application/xml' },
      body: fourProperties,
      seconds,
    });
    if (refused > 0) throw new Error(`${one.name}: ${refused} refused`);
    return rate;
  };
  const measure = async () => {
    const rates = cases.map((): number[] => []);
    // A first round for the compiler, not counted; then each takes its turn, another one first each time.
    for (let round = 0; round <= rounds; round++) {
      for (let n = 0; n < cases.length; n++) {
        const at = (n + round) % cases.length;
        const rate = await ask(cases[at] as (typeof cases)[number]);
        if (round > 0) rates[at]?.push(rate);
      }
      console.error(`round ${round} of ${rounds}`);
    }
    return rates.map(median);
  };
  const few = await measure();
  for (let made = 0; made < many; made += 500) {
    const some = Array.from({ length: 500 }, () => mintAppPassword(house.key, request, clock()).record);
    await Promise.all(some.map((one) => catalog.accounts.createToken(one)));
  }
  const full = await measure();

  console.log(
    `\n| PROPFIND depth 0, 8 clients, medians of ${rounds} rounds | rate, /s | adds | with ${many.toLocaleString('en')} tokens, /s | adds |`,
  );
  console.log('| --- | ---: | ---: | ---: | ---: |');
  const adds = (rates: readonly number[], n: number) =>
    n === 0 ? '' : `${(((rates[0] ?? 0) / (rates[n] ?? 0) - 1) * 100).toFixed(1)} %`;
  const figure = (rate: number | undefined) => Math.round(rate ?? 0).toLocaleString('en');
  for (const [n, { name }] of cases.entries()) {
    console.log(`| ${name} | ${figure(few[n])} | ${adds(few, n)} | ${figure(full[n])} | ${adds(full, n)} |`);
  }
} finally {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await house.close();
  await rm(folder, { recursive: true, force: true });
}
