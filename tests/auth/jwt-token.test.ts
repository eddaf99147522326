import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, test } from 'node:test';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import type { Authenticator } from '../../lib/core/contracts.ts';
import { authenticatorSuite } from '../conformance/authenticator.ts';
import { audience, startIssuer } from '../support/issuer.ts';
import { ahead, bearer, foreign, settingsFor, told } from './foreign.ts';
import { ada } from './memory-accounts.ts';

const issuer = await startIssuer();
const other = await startIssuer();
after(() => Promise.all([issuer.stop(), other.stop()]));
const noClient = { client: null };
const seconds = () => Math.floor(Date.now() / 1000);

/** What a good token says now. */
const claims = (more: object = {}) => {
  const now = seconds();
  return {
    iss: issuer.url,
    aud: audience,
    sub: 'ada',
    iat: now,
    exp: now + 600,
    scope: 'files:read',
    ...more,
  };
};

const bad = { code: 'unauthenticated' } as const;

async function refuses(authenticator: Authenticator, token: string, now = Date.now()): Promise<void> {
  await assert.rejects(authenticator.authenticate(bearer(token), now), (error: Error) => {
    assert.equal((error as Error & { code?: string }).code, 'unauthenticated', error.stack);
    assert.ok(!error.message.includes(token) && !error.message.includes(token.split('.')[2] || token));
    return true;
  });
}

authenticatorSuite('a JWT access token', async (now) => {
  const { accounts, jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const token = await issuer.mint();
  const by = Date.now() - now;
  const [head, body] = token.split('.');
  return {
    authenticator: ahead(jwt, by),
    login: ada.login,
    email: ada.email ?? '',
    password: null,
    token,
    wrong: [`${head}.${body}.${Buffer.alloc(256, 1).toString('base64url')}`, `${head}.${body}.`],
    foreign: await other.mint(),
    // A JWT cannot be called back: the account is unlinked.
    revoke: async () => void (await accounts.unlink(issuer.url, 'ada')),
    disable: async () => accounts.change({ status: 'disabled' }),
    enable: async () => accounts.change({ status: 'enabled' }),
    expires: Number(decodeJwt(token).exp) * 1000 - by,
  };
});

test('a signature is checked once a minute, and the account each time', async () => {
  const { accounts, jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const token = await issuer.mint();
  const keys = issuer.asked('/jwks');
  for (let i = 0; i < 5; i++) await jwt.authenticate(bearer(token), Date.now());
  assert.equal(issuer.asked('/jwks') - keys, 1);
  accounts.change({ removeAfter: 1 });
  await refuses(jwt, token);
});

test('a principal has a name for the log that tells nothing of the token', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const token = await issuer.mint();
  const principal = await jwt.authenticate(bearer(token), Date.now());
  assert.match(principal?.credential ?? '', /^127\.0\.0\.1:\d+:[\w-]{12}$/);
  assert.deepEqual([principal?.write, principal?.root], [true, null]);
});

test('a token of client credentials is its client, who needs an account as all do', async () => {
  const { accounts, jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const token = await issuer.sign(claims({ sub: 'a service' }));
  await assert.rejects(jwt.authenticate(bearer(token), Date.now()), /No account here is linked to a service/);
  await accounts.link({ issuer: issuer.url, subject: 'a service', user: ada.id, created: 0 });
  assert.equal((await jwt.authenticate(bearer(token), Date.now()))?.login, ada.login);
});

const attacks: Readonly<Record<string, () => Promise<string>>> = {
  'alg: none': async () => new UnsecuredJWT(claims()).encode(),
  'HS256 with the public key as its secret': async () => {
    const pem = createPublicKey({ key: issuer.publicKey(), format: 'jwk' }).export({
      format: 'pem',
      type: 'spki',
    });
    return new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1', typ: 'at+jwt' })
      .sign(Buffer.from(pem));
  },
  'for another audience': async () => issuer.mint({ audience: 'https://elsewhere.example' }),
  'without an audience': async () => issuer.sign(claims({ aud: undefined, client_id: audience })),
  'signed by another issuer in the name of this one': async () => other.sign(claims()),
  'expired long ago': async () => issuer.sign(claims({ iat: 1000, exp: 2000 })),
  'without an end': async () => issuer.sign(claims({ exp: undefined })),
  'with an end that is no number': async () => issuer.sign(claims({ exp: '9999999999' as never })),
  'not valid for a minute yet': async () => issuer.sign(claims({ nbf: seconds() + 60 })),
  'issued a minute in the future': async () => issuer.sign(claims({ iat: seconds() + 60 })),
  'without a subject': async () => issuer.sign(claims({ sub: undefined })),
  'an ID token': async () => issuer.sign(claims({ nonce: 'n' }), { typ: 'JWT' }),
  'a logout token': async () => issuer.sign(claims(), { typ: 'logout+jwt' }),
  'with a critical header that is not known': async () =>
    issuer.sign(claims()).then((token) => {
      const [, ...rest] = token.split('.');
      const header = { alg: 'RS256', kid: 'key-1', crit: ['x'], x: 1 };
      return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
    }),
};

for (const [what, make] of Object.entries(attacks)) {
  test(`a token ${what} is refused, and says nothing of itself in the error`, async () => {
    const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
    await refuses(jwt, await make());
  });
}

test('clocks may differ by the skew, and no token outlives its end', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const early = await issuer.sign(claims({ nbf: seconds() + 20, iat: seconds() + 20 }));
  assert.ok(await jwt.authenticate(bearer(early), Date.now()));
  const exp = seconds() + 5;
  const short = await issuer.sign(claims({ exp }));
  assert.ok(await jwt.authenticate(bearer(short), exp * 1000 - 1));
  await refuses(jwt, short, exp * 1000);
});

test('where an issuer follows RFC 9068, a JWT without at+jwt is refused', async () => {
  const strict = await foreign([settingsFor(issuer.url, { ...noClient, typ: 'at+jwt' })]);
  const lax = await foreign([settingsFor(issuer.url, noClient)]);
  const token = await issuer.sign(claims(), { typ: 'JWT' });
  await refuses(strict.jwt, token);
  assert.ok(await lax.jwt.authenticate(bearer(token), Date.now()));
  const right = await issuer.sign(claims(), { typ: 'application/at+jwt' });
  assert.ok(await strict.jwt.authenticate(bearer(right), Date.now()));
});

test('an algorithm that the issuer is not configured for is refused', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, { ...noClient, algorithms: ['ES256'] })]);
  await refuses(jwt, await issuer.mint());
});

test('a token of an issuer that is not configured is left to the next, without asking anyone', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const asked = [issuer.asked('/'), other.asked('/')];
  const near = await issuer.sign(claims({ iss: `${issuer.url}/` }));
  for (const token of [await other.mint(), near, await issuer.sign(claims({ iss: undefined }))]) {
    assert.equal(await jwt.authenticate(bearer(token), Date.now()), undefined);
  }
  assert.deepEqual([issuer.asked('/'), other.asked('/')], asked);
});

test('a text that is too long, or only looks like a JWT, is none', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const long = await issuer.sign(claims({ pad: 'x'.repeat(20_000) }));
  for (const text of [long, 'eyJ', 'eyJ.eyJ.x', 'ey.ey.ey', 'e30.e30.e30', 'eyJhbGciOiJub25lIn0.bnVsbA.']) {
    assert.equal(await jwt.authenticate(bearer(text), Date.now()), undefined, text.slice(0, 30));
  }
});

test('a rotated key is fetched once, and the old one is out', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const before = await issuer.mint();
  const now = Date.now();
  assert.ok(await jwt.authenticate(bearer(before), now));
  issuer.rotate();
  const tokens = await Promise.all([1, 2, 3].map(() => issuer.mint()));
  const asked = issuer.asked('/jwks');
  const all = await Promise.all(tokens.map((token) => jwt.authenticate(bearer(token), now + 31_000)));
  assert.deepEqual(
    all.map((one) => one?.login),
    [ada.login, ada.login, ada.login],
  );
  assert.equal(issuer.asked('/jwks') - asked, 1);
  await refuses(jwt, before, now + 62_000);
});

test('a flood of unknown keys is one fetch in 30 seconds', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const now = Date.now();
  assert.ok(await jwt.authenticate(bearer(await issuer.mint()), now));
  const asked = issuer.asked('/jwks');
  const flood = await Promise.all(
    Array.from({ length: 50 }, (_, i) => issuer.sign(claims({ jti: `${i}` }), { kid: `flood-${i}` })),
  );
  await Promise.all(flood.map((token) => refuses(jwt, token, now + 29_999)));
  assert.equal(issuer.asked('/jwks') - asked, 0);
  await Promise.all(flood.map((token) => refuses(jwt, token, now + 30_000)));
  for (const token of flood) await refuses(jwt, token, now + 59_999);
  assert.equal(issuer.asked('/jwks') - asked, 1);
});

test('a token that names no key is tried with each that fits', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const token = await issuer.sign(claims(), { kid: undefined as never });
  assert.ok(await jwt.authenticate(bearer(token), Date.now()));
});

test('while the issuer is down its keys serve, and what they cannot tell is 503, not 401', async (t) => {
  const down = await startIssuer();
  t.after(() => down.stop().catch(() => undefined));
  const { jwt, errors } = await foreign([settingsFor(down.url, noClient)]);
  const [first, second] = [await down.mint(), await down.mint({ scope: 'files:read' })];
  const now = Date.now();
  assert.ok(await jwt.authenticate(bearer(first), now));
  const unknown = await down.sign({ ...claims(), iss: down.url }, { kid: 'new' });
  await down.stop();
  assert.ok(await jwt.authenticate(bearer(second), now + 660_000), 'after the keys have aged');
  assert.equal(errors.length, 1);
  await assert.rejects(jwt.authenticate(bearer(unknown), now + 60_000), { code: 'unavailable' });
  await down.start();
});

test('an issuer that is down at the start is asked again five seconds later', async (t) => {
  const late = await startIssuer();
  t.after(() => late.stop());
  const token = await late.mint();
  await late.stop();
  const { jwt } = await foreign([settingsFor(late.url, noClient)]);
  const now = Date.now();
  await assert.rejects(jwt.authenticate(bearer(token), now), (error: Error) => {
    assert.equal((error as Error & { code?: string }).code, 'unavailable');
    assert.match(error.message, /^The issuer 127\.0\.0\.1:\d+ cannot be asked/);
    return true;
  });
  await late.start();
  await assert.rejects(jwt.authenticate(bearer(token), now + 4_999), { code: 'unavailable' });
  assert.equal(late.asked('/'), 0);
  assert.equal((await jwt.authenticate(bearer(token), now + 5_000))?.login, ada.login);
});

test('scopes give what the issuer is configured to mean by them', async () => {
  const scopes = { claim: null, read: ['files:read'], write: ['files:write'] };
  const { jwt } = await foreign([settingsFor(issuer.url, { ...noClient, scopes })]);
  const as = async (scope: string) =>
    told(await jwt.authenticate(bearer(await issuer.mint({ scope })), Date.now()));
  assert.deepEqual(await as('files:read'), { login: ada.login, write: false });
  assert.deepEqual(await as('files:write other'), { login: ada.login, write: true });
  await assert.rejects(as('files:readme'), { code: 'denied', message: /one of: files:read, files:write$/ });
});

test('a claim deep inside can give rights, and a list of none takes writing from all', async () => {
  const token = await issuer.sign(claims({ realm_access: { roles: ['staff'] } }));
  const roles = { claim: 'realm_access.roles', read: null, write: ['staff'] };
  const staff = await foreign([settingsFor(issuer.url, { ...noClient, scopes: roles })]);
  assert.equal((await staff.jwt.authenticate(bearer(token), Date.now()))?.write, true);
  const nobody = await foreign([settingsFor(issuer.url, { ...noClient, scopes: { ...roles, write: [] } })]);
  assert.equal((await nobody.jwt.authenticate(bearer(token), Date.now()))?.write, false);
});

test('a name beside a token in Basic must be that of its user', async () => {
  const { jwt } = await foreign([settingsFor(issuer.url, noClient)]);
  const password = await issuer.mint();
  assert.ok(await jwt.authenticate({ kind: 'basic', login: ada.login, password }, Date.now()));
  await assert.rejects(jwt.authenticate({ kind: 'basic', login: 'eve1', password }, Date.now()), bad);
});
