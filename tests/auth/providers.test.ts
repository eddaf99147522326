/**
 * Answers of platforms in the shapes that they document, from a double: the platforms themselves cannot be reached from
 * a test. The protocol is tested against a real issuer in `introspected-token.test.ts` and `jwt-token.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { IssuerSettings } from '../../lib/auth/issuer-settings.ts';
import { type Provider, providers } from '../../lib/auth/provider.ts';
import { bearer, foreign, newcomers, settingsFor } from './foreign.ts';

const now = Date.UTC(2026, 5, 1);
const exp = now / 1000 + 3600;
const keys = await generateKeyPair('RS256');
const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }] };

interface Question {
  readonly url: string;
  readonly method: string;
  readonly authorization: string | null;
  readonly body: string;
}

type Answers = Readonly<Record<string, (question: Question) => unknown>>;

/** A platform of these addresses; an answer that is a number is a status. */
function platform(answers: Answers) {
  const asked: Question[] = [];
  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(input, init);
    const { url, method } = request;
    const question = {
      url,
      method,
      authorization: request.headers.get('authorization'),
      body: await request.text(),
    };
    asked.push(question);
    const answer = answers[url]?.(question) ?? 404;
    return typeof answer === 'number' ? Response.json({}, { status: answer }) : Response.json(answer);
  };
  return { fetch, asked };
}

const secret = { id: 'client', secret: 's3cret', method: 'basic' } as const;

function configured(provider: Provider, more: Partial<IssuerSettings> = {}): IssuerSettings {
  const { issuer, prefixes, idTokens } = provider;
  return settingsFor(issuer ?? 'https://sso.example/realms/lab', {
    ...{ provider, prefixes, idTokens, client: secret, audience: ['client'], accounts: newcomers },
    ...more,
  });
}

async function enter(settings: IssuerSettings, answers: Answers, token: string) {
  const { fetch, asked } = platform(answers);
  const { introspected, jwt, accounts } = await foreign([settings], { fetch });
  const principal =
    (await jwt.authenticate(bearer(token), now)) ?? (await introspected.authenticate(bearer(token), now));
  return { principal, asked, user: [...accounts.users.values()].at(-1), accounts };
}

const sign = (claims: JWTPayload, header: object = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k', ...header }).sign(keys.privateKey);

test('Globus: the answer has username, a list of audiences and the set of identities', async () => {
  const settings = configured(providers.globus);
  const answer = {
    active: true,
    scope: 'urn:globus:auth:scope:hearth.example:all',
    sub: 'c8aad43e-d274-11e5-bf98-8b02896cf782',
    username: 'ada@university.example',
    name: 'Ada Lovelace',
    email: 'ada@university.example',
    client_id: 'a portal',
    aud: ['auth.globus.org', 'client'],
    iss: 'https://auth.globus.org',
    iat: exp - 7200,
    nbf: exp - 7200,
    exp,
    identity_set: ['c8aad43e-d274-11e5-bf98-8b02896cf782', '00000000-0000-0000-0000-000000000001'],
  };
  const url = 'https://auth.globus.org/v2/oauth2/token/introspect';
  const { principal, user, asked } = await enter(
    settings,
    { [url]: () => answer },
    'AgGlobusOpaqueToken0123456789',
  );
  assert.equal(principal?.login, 'ada-1', 'three letters are too few for a login');
  assert.deepEqual([user?.login, user?.firstName], ['ada-1', 'Ada Lovelace']);
  assert.deepEqual(
    asked.map(({ method, authorization }) => [method, authorization]),
    [['POST', `Basic ${btoa('client:s3cret')}`]],
  );
  const elsewhere = { ...answer, aud: ['auth.globus.org', 'transfer.api.globus.org'] };
  await assert.rejects(enter(settings, { [url]: () => elsewhere }, 'AgGlobusOpaqueToken0123456789'), {
    code: 'unauthenticated',
  });
});

test('CILogon: tokens are URLs, the login is from eppn of userinfo', async () => {
  const settings = configured(providers.cilogon);
  const sub = 'http://cilogon.org/serverA/users/12345';
  const { principal, user } = await enter(
    settings,
    {
      'https://cilogon.org/.well-known/openid-configuration': () => ({
        issuer: 'https://cilogon.org',
        userinfo_endpoint: 'https://cilogon.org/oauth2/userinfo',
      }),
      'https://cilogon.org/oauth2/introspect': () => ({
        active: true,
        sub,
        client_id: 'client',
        exp,
        scope: 'openid',
      }),
      'https://cilogon.org/oauth2/userinfo': () => ({
        ...{ sub, eppn: 'grace@navy.example', email: 'g.hopper@navy.example' },
        ...{ given_name: 'Grace', family_name: 'Hopper', idp_name: 'Navy' },
      }),
    },
    'https://cilogon.org/oauth2/accessToken/1234567890abcdef/1700000000000',
  );
  assert.equal(principal?.login, 'grace');
  assert.deepEqual(
    [user?.firstName, user?.lastName, user?.email],
    ['Grace', 'Hopper', 'g.hopper@navy.example'],
  );
});

test('ORCID: an ID token without e-mail, by its keys; the login is from the name', async () => {
  const settings = configured(providers.orcid, { client: null, audience: ['APP-123'] });
  const claims = {
    ...{ iss: 'https://orcid.org', aud: 'APP-123', sub: '0000-0002-1825-0097', exp, iat: exp - 7200 },
    ...{ at_hash: 'x', auth_time: exp - 7200, given_name: 'Josiah', family_name: 'Carberry' },
  };
  const answers = { 'https://orcid.org/oauth/jwks': () => jwks };
  const { principal, user, asked } = await enter(settings, answers, await sign(claims));
  assert.equal(principal?.login, 'josiah-carberry');
  assert.deepEqual([user?.email, user?.firstName], [null, 'Josiah']);
  assert.equal(asked.length, 1);
});

test('ORCID: somebody whose name is private is asked about at userinfo, and gets a login all the same', async () => {
  const settings = configured(providers.orcid, { client: null, audience: ['APP-123'] });
  const sub = '0000-0002-1825-0097';
  const token = await sign({ iss: 'https://orcid.org', aud: 'APP-123', sub, exp });
  const answers = {
    'https://orcid.org/oauth/jwks': () => jwks,
    'https://orcid.org/oauth/userinfo': () => ({ sub, name: null, given_name: null }),
  };
  const { principal } = await enter(settings, answers, token);
  assert.match(principal?.login ?? '', /^user-[0-9a-f]{12}$/);
});

test('what userinfo tells of another subject is not taken', async () => {
  const settings = configured(providers.orcid, { client: null, audience: ['APP-123'] });
  const token = await sign({ iss: 'https://orcid.org', aud: 'APP-123', sub: '0000-0002-1825-0097', exp });
  const answers = {
    'https://orcid.org/oauth/jwks': () => ({
      keys: [null, { kty: 'oct', kid: 'k', k: 'AAAA' }, ...jwks.keys],
    }),
    'https://orcid.org/oauth/userinfo': () => ({ sub: '0000-0001-0000-0000', name: 'Somebody Else' }),
  };
  const { principal } = await enter(settings, answers, token);
  assert.match(principal?.login ?? '', /^user-/);
});

const realm = 'https://sso.example/realms/lab';
const keycloak: Answers = {
  [`${realm}/.well-known/openid-configuration`]: () => ({
    issuer: realm,
    jwks_uri: `${realm}/certs`,
    introspection_endpoint: `${realm}/introspect`,
    userinfo_endpoint: `${realm}/userinfo`,
  }),
  [`${realm}/certs`]: () => jwks,
};

test('Keycloak: a JWT of typ JWT with preferred_username and roles', async () => {
  const settings = configured(providers.keycloak, {
    scopes: { claim: 'realm_access.roles', read: null, write: ['researcher'] },
  });
  const claims = {
    ...{
      iss: realm,
      aud: ['client', 'account'],
      sub: 'f:1:ada',
      exp,
      iat: exp - 7200,
      typ: 'Bearer',
      azp: 'panel',
    },
    ...{ preferred_username: 'Grace_Hopper', email: 'g@navy.example', email_verified: false },
    ...{ realm_access: { roles: ['offline_access', 'researcher'] }, scope: 'openid profile' },
  };
  const { principal, user } = await enter(settings, keycloak, await sign(claims, { typ: 'JWT' }));
  assert.deepEqual([principal?.login, principal?.write], ['grace-hopper', true]);
  assert.equal(user?.email, null, 'an e-mail that nobody has verified is not kept');
  for (const typ of ['ID', 'Refresh', undefined]) {
    const other = await sign({ ...claims, typ }, { typ: 'JWT' });
    await assert.rejects(enter(settings, keycloak, other), { code: 'unauthenticated' }, String(typ));
  }
});

test('Keycloak: a lightweight token is completed by introspection, once its signature is right', async () => {
  const settings = configured(providers.keycloak);
  const claims = { iss: realm, exp, iat: exp - 7200, typ: 'Bearer', azp: 'panel', scope: 'openid' };
  const answers: Answers = {
    ...keycloak,
    [`${realm}/introspect`]: () => ({
      ...{
        active: true,
        iss: realm,
        sub: 'f:1:grace',
        aud: 'client',
        exp,
        username: 'grace',
        client_id: 'panel',
      },
    }),
  };
  const { principal, asked } = await enter(settings, answers, await sign(claims));
  assert.equal(principal?.login, 'grace');
  assert.deepEqual(asked.map(({ url }) => url).slice(1), [`${realm}/certs`, `${realm}/introspect`]);
  const forged = `${(await sign(claims)).split('.').slice(0, 2).join('.')}.${'A'.repeat(342)}`;
  const { fetch, asked: later } = platform(answers);
  const { jwt } = await foreign([settings], { fetch });
  await assert.rejects(jwt.authenticate(bearer(forged), now), { code: 'unauthenticated' });
  assert.ok(!later.some(({ url }) => url.endsWith('/introspect')));
});

test('Keycloak: with "jwt": false the issuer is asked about each token, so that a revocation counts', async () => {
  const settings = configured(providers.keycloak, { jwt: false });
  const token = await sign({ iss: realm, aud: 'client', sub: 'f:1:grace', exp, typ: 'Bearer' });
  const answers = { ...keycloak, [`${realm}/introspect`]: () => ({ active: false }) };
  await assert.rejects(enter(settings, answers, token), { code: 'unauthenticated' });
});

const github = 'https://api.github.com/applications/client/token';
const ghToken = 'gho_16C7e42F292c6912E7710c838347Ae178B4a';

test('GitHub: the application is asked about its own token; user.id is the subject, user.login the login', async () => {
  const answer = {
    ...{
      id: 1,
      url: `${github}/1`,
      scopes: ['read:user', 'repo'],
      token: ghToken,
      expires_at: '2026-06-01T08:00:00Z',
    },
    ...{
      app: { name: 'Hearth', client_id: 'client' },
      user: { login: 'Octo-Cat', id: 583231, type: 'User' },
    },
  };
  const settings = configured(providers.github, {
    scopes: { claim: null, read: ['read:user'], write: ['repo'] },
  });
  const { principal, asked, accounts } = await enter(settings, { [github]: () => answer }, ghToken);
  assert.deepEqual([principal?.login, principal?.write], ['octo-cat', true]);
  assert.equal((await accounts.linked('https://github.com', '583231'))?.login, 'octo-cat');
  const [question] = asked;
  assert.deepEqual(JSON.parse(question?.body ?? ''), { access_token: ghToken });
  assert.equal(question?.authorization, `Basic ${btoa('client:s3cret')}`);
});

test('GitHub: 404 means that a token is not good, 5xx that nobody knows', async () => {
  const settings = configured(providers.github);
  await assert.rejects(enter(settings, { [github]: () => 404 }, ghToken), { code: 'unauthenticated' });
  await assert.rejects(enter(settings, { [github]: () => 422 }, ghToken), { code: 'unauthenticated' });
  await assert.rejects(enter(settings, { [github]: () => 502 }, ghToken), { code: 'unavailable' });
  await assert.rejects(enter(settings, { [github]: () => 429 }, ghToken), { code: 'unavailable' });
});

test('an answer in the name of another issuer is none', async () => {
  const settings = configured(providers.globus);
  const url = 'https://auth.globus.org/v2/oauth2/token/introspect';
  const answer = { active: true, sub: 'x', aud: 'client', exp, iss: 'https://evil.example' };
  const { principal } = await enter(settings, { [url]: () => answer }, 'AgGlobusOpaqueToken0123456789');
  assert.equal(principal, undefined);
  for (const active of ['true', 1, undefined]) {
    const odd = { ...answer, iss: undefined, active };
    const { principal: none } = await enter(settings, { [url]: () => odd }, 'AgGlobusOpaqueToken0123456789');
    assert.equal(none, undefined, `active: ${active}`);
  }
});
