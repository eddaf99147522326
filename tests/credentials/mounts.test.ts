import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTokenText, parseToken } from '../../lib/auth/token-text.ts';
import { at } from '../support/workspace.ts';
import { basic, bearer, openDoor } from './door.ts';

const minute = 60_000;
const metadata = (url: string) => `resource_metadata="${url}/.well-known/oauth-protected-resource"`;

test('a ticket is made from an accepted credential, and mounts once', async (t) => {
  const { post, send, token, clock, url } = await openDoor(t);
  const made = await post('tickets', bearer(await token()), { name: 'notebook' });
  assert.equal(made.status, 201);
  assert.equal(made.headers['cache-control'], 'no-store');
  assert.equal(made.headers['access-control-allow-origin'], undefined);
  assert.equal(made.headers['set-cookie'], undefined);
  const { ticket, id, expires } = made.json();
  assert.equal(parseToken(String(ticket))?.id, id);
  assert.equal(expires, clock() + minute);
  assert.equal((await send('PROPFIND', '/homes/ada1/', bearer(ticket))).status, 401, 'it is no password');

  const mounted = await post('mounts', {}, { ticket });
  assert.equal(mounted.status, 201);
  const { credential, ...rest } = mounted.json();
  assert.deepEqual(
    { ...rest, id: '' },
    {
      id: '',
      login: 'ada1',
      scope: 'write',
      expires: clock() + 10 * minute,
      renewAfter: clock() + 5 * minute,
      renewUntil: clock() + 24 * 60 * minute,
    },
  );
  for (const headers of [
    bearer(credential),
    { 'girder-token': String(credential) },
    basic('ada1', credential),
    basic('ada1', `token:${credential}`),
  ]) {
    assert.equal((await send('PROPFIND', '/homes/ada1/', { depth: '0', ...headers })).status, 207);
  }
  assert.equal((await send('PROPFIND', '/homes/ada1/', basic('grace', credential))).status, 401);

  const replayed = await post('mounts', {}, { ticket });
  assert.equal(replayed.status, 401);
  assert.deepEqual(replayed.challenges, [`Bearer realm="Hearth", ${metadata(url)}`]);
  assert.deepEqual(replayed.json(), {
    message: 'The ticket is not valid: it was used, or has ended. Ask for a new one.',
    code: 'unauthenticated',
  });
});

test('of many who redeem one ticket at once exactly one mounts', async (t) => {
  const { post, token } = await openDoor(t);
  const { ticket } = (await post('tickets', bearer(await token()))).json();
  const all = await Promise.all(Array.from({ length: 12 }, () => post('mounts', {}, { ticket })));
  const statuses = all.map(({ status }) => status).toSorted();
  assert.deepEqual(statuses, [201, ...Array.from({ length: 11 }, () => 401)]);
});

test('a ticket that was not redeemed in time is worth nothing', async (t) => {
  const { post, token, clock } = await openDoor(t);
  const { ticket } = (await post('tickets', bearer(await token()))).json();
  clock.now += minute;
  assert.equal((await post('mounts', {}, { ticket })).status, 401);
});

test('a mount outlasts the token that started it, by renewing itself', async (t) => {
  const { post, send, token, clock, house } = await openDoor(t);
  const first = await token({ expires: clock() + minute });
  let { credential, id } = (await post('mounts', bearer(first))).json();
  await house.catalog.accounts.revokeToken(first.slice(0, 12));
  for (let turn = 0; turn < 4; turn++) {
    clock.now += 8 * minute;
    const renewed = await send('POST', '/api/hearth/v1/mounts/renew', bearer(credential));
    assert.equal(renewed.status, 200);
    assert.equal(renewed.json().id, id);
    credential = renewed.json().credential;
    assert.equal((await send('GET', '/homes/ada1/', bearer(credential))).status, 200);
  }
  const [one] = await house.catalog.accounts.tokens((await house.catalog.accounts.user('ada1'))?.id ?? '');
  assert.deepEqual([one?.kind, one?.expires], ['mount', clock() + 24 * 60 * minute]);
});

test('parallel renewals all succeed', async (t) => {
  const { post, send, token, clock } = await openDoor(t);
  const { credential } = (await post('mounts', bearer(await token()))).json();
  clock.now += 6 * minute;
  const all = await Promise.all(
    Array.from({ length: 12 }, () => send('POST', '/api/hearth/v1/mounts/renew', bearer(credential))),
  );
  for (const renewed of all) {
    assert.equal(renewed.status, 200);
    assert.equal((await send('GET', '/homes/ada1/', bearer(renewed.json().credential))).status, 200);
  }
});

test('an ended credential is 401 invalid_token, renews while its mount lives, and then no more', async (t) => {
  const { post, send, token, clock, url } = await openDoor(t);
  const { credential } = (await post('mounts', bearer(await token()))).json();
  clock.now += 10 * minute;
  const ended = await send('GET', '/homes/ada1/', bearer(credential));
  assert.equal(ended.status, 401);
  assert.deepEqual(ended.challenges, [
    'Basic realm="Hearth", charset="UTF-8"',
    `Bearer realm="Hearth", error="invalid_token", ${metadata(url)}`,
  ]);
  clock.now += 23 * 60 * minute;
  const renewed = await send('POST', '/api/hearth/v1/mounts/renew', bearer(credential));
  assert.equal(renewed.status, 200);
  clock.now += 24 * 60 * minute;
  const late = await send('POST', '/api/hearth/v1/mounts/renew', bearer(renewed.json().credential));
  assert.equal(late.status, 401);
  assert.deepEqual(late.challenges, [`Bearer realm="Hearth", error="invalid_token", ${metadata(url)}`]);
  const none = await send('POST', '/api/hearth/v1/mounts/renew');
  assert.deepEqual([none.status, none.challenges], [401, [`Bearer realm="Hearth", ${metadata(url)}`]]);
});

test('a mount dies at once when it is revoked, by itself or by its owner, and with its user', async (t) => {
  const { post, send, token, house, ada } = await openDoor(t);
  const full = bearer(await token());
  const alive = async (credential: unknown) =>
    (await send('GET', '/homes/ada1/', bearer(credential))).status === 200;
  const [one, two, three] = [
    (await post('mounts', full)).json(),
    (await post('mounts', full)).json(),
    (await post('mounts', full, { scope: 'read' })).json(),
  ];
  assert.equal((await send('DELETE', `/api/hearth/v1/mounts/${one.id}`, full)).status, 204);
  assert.equal(await alive(one.credential), false);
  assert.equal((await send('DELETE', `/api/hearth/v1/mounts/${one.id}`, full)).status, 404);
  assert.equal(await alive(two.credential), true);

  const limited = await send('DELETE', `/api/hearth/v1/mounts/${two.id}`, bearer(three.credential));
  assert.equal(limited.status, 403);
  assert.match(limited.challenges[0] ?? '', /error="insufficient_scope", scope="write"/);
  assert.equal(
    (await send('DELETE', `/api/hearth/v1/mounts/${three.id}`, bearer(three.credential))).status,
    204,
  );
  assert.equal(await alive(three.credential), false);

  await house.catalog.accounts.updateUser(ada.id, { status: 'disabled' });
  assert.equal(await alive(two.credential), false);
  assert.equal((await send('POST', '/api/hearth/v1/mounts/renew', bearer(two.credential))).status, 401);
});

test('nobody ends what is another’s, or of another kind', async (t) => {
  const { post, send, token, grace } = await openDoor(t);
  const mine = await token();
  const { id, credential } = (await post('mounts', bearer(mine))).json();
  const hers = bearer(await token({ user: grace.id }));
  for (const [one, headers] of [
    [id, hers],
    [mine.slice(0, 12), bearer(mine)],
    ['nothing', bearer(mine)],
  ] as const) {
    const answer = await send('DELETE', `/api/hearth/v1/mounts/${one}`, headers);
    assert.equal(answer.status, 404);
  }
  assert.equal((await send('GET', '/homes/ada1/', bearer(credential))).status, 200);
  assert.equal((await send('GET', '/homes/ada1/', bearer(mine))).status, 200);
});

test('what is made is never more than what it was made from, by ticket or at once', async (t) => {
  const { post, token, folder, file, house, ada } = await openDoor(t);
  const papers = await folder('papers');
  await folder('papers/drafts');
  await file('secret.txt', 'x');
  const reader = bearer(await token({ write: false }));
  const inside = bearer(await token({ root: papers.id }));
  const refused = async (headers: Record<string, string>, body: object, scope: string) => {
    for (const noun of ['tickets', 'mounts']) {
      const answer = await post(noun, headers, body);
      assert.equal(answer.status, 403, `${noun} ${JSON.stringify(body)}`);
      assert.match(answer.challenges[0] ?? '', new RegExp(`error="insufficient_scope", scope="${scope}"`));
      assert.equal(answer.json().code, 'denied');
    }
  };
  await refused(reader, { scope: 'write' }, 'write');
  for (const path of ['/', '/home', '/secret.txt', '/other']) await refused(inside, { path }, 'read');

  const recordOf = async (answer: { json(): Record<string, unknown> }) => {
    const found = (await house.catalog.accounts.token(String(answer.json().id)))?.token;
    return [found?.write, found?.root];
  };
  assert.deepEqual(await recordOf(await post('mounts', reader)), [false, null]);
  assert.deepEqual(await recordOf(await post('mounts', inside)), [true, papers.id]);
  const drafts = (await house.catalog.resolve(ada.home, [...at('papers/drafts').path]))?.chain.at(-1);
  for (const path of [
    '/papers/drafts',
    'papers/drafts',
    '/home/papers/drafts',
    '/homes/ada1/papers/drafts',
  ]) {
    assert.deepEqual(await recordOf(await post('mounts', inside, { path })), [true, drafts?.id], path);
  }

  const { ticket } = (await post('tickets', inside, { scope: 'read' })).json();
  assert.equal((await post('mounts', {}, { ticket, scope: 'write' })).status, 403);
  assert.equal((await post('mounts', {}, { ticket })).status, 401, 'the ticket was used up');
  const next = (await post('tickets', inside, { scope: 'read' })).json().ticket;
  const child = await post('mounts', {}, { ticket: next });
  assert.deepEqual(await recordOf(child), [false, papers.id]);
  await refused(bearer(child.json().credential), { scope: 'write' }, 'write');
  assert.deepEqual(await recordOf(await post('mounts', bearer(child.json().credential))), [false, papers.id]);
});

test('a path that is not there makes no credential', async (t) => {
  const { post, token } = await openDoor(t);
  const answer = await post('mounts', bearer(await token()), { path: '/nowhere' });
  assert.deepEqual([answer.status, answer.json().code], [404, 'not-found']);
});

test('what is not as it should be is refused, and nothing of it said back', async (t) => {
  const { post, send, token } = await openDoor(t);
  const auth = bearer(await token());
  const json = { ...auth, 'content-type': 'application/json' };
  const planted = 'PLANTED';
  const bodies: readonly unknown[] = [
    { scope: planted },
    { [planted]: 1 },
    { path: 7 },
    { name: '\u001b[31m' },
    { name: '' },
    [],
    planted,
    null,
  ];
  for (const noun of ['tickets', 'mounts', 'downloads']) {
    for (const body of bodies) {
      const answer = await post(noun, auth, body);
      assert.deepEqual([answer.status, answer.json().code], [400, 'invalid'], JSON.stringify(body));
      assert.doesNotMatch(answer.text, /PLANTED/);
    }
    for (const body of [`{"scope": ${planted}`, '\u0000', '{'.repeat(10_000)]) {
      const answer = await send('POST', `/api/hearth/v1/${noun}`, json, body);
      assert.equal(answer.status, 400);
      assert.doesNotMatch(answer.text, /PLANTED/);
    }
    const large = await send('POST', `/api/hearth/v1/${noun}`, json, `"${'x'.repeat(16_384)}"`);
    assert.deepEqual([large.status, large.json().code], [413, 'too-large']);
    const form = { ...auth, 'content-type': 'text/plain' };
    assert.equal((await send('POST', `/api/hearth/v1/${noun}`, form, '{}')).status, 415);
    const none = await post(noun);
    assert.equal(none.status, 401);
  }
});

test('the door says which methods a place has, and leaves other places alone', async (t) => {
  const { send, token } = await openDoor(t);
  const auth = bearer(await token());
  for (const [method, path, allow] of [
    ['GET', 'tickets', 'POST'],
    ['PUT', 'mounts', 'POST'],
    ['GET', 'mounts/renew', 'POST'],
    ['POST', 'mounts/0123456789ab', 'DELETE'],
    ['POST', `downloads/${'a'.repeat(24)}/x`, 'GET, HEAD'],
  ] as const) {
    const answer = await send(method, `/api/hearth/v1/${path}`, auth);
    assert.deepEqual([answer.status, answer.headers.allow], [405, allow], `${method} ${path}`);
  }
  for (const path of ['/api/hearth/v1/mounts/a/b', '/api/hearth/v1/downloads/x/y']) {
    assert.equal((await send('GET', path, auth)).status, 404);
  }
  const elsewhere = await send('GET', '/api/hearth/v2/mounts', auth);
  assert.equal(elsewhere.text, 'Not Found', 'nobody is there');
});

test('a person who has a thousand gets no more', async (t) => {
  const { post, token, house, clock, ada } = await openDoor(t);
  const make = () => {
    const { id } = newTokenText();
    const limits = { name: 'm', write: false, root: null, created: clock(), lastUsed: null };
    const record = { id, kind: 'mount', hash: new Uint8Array(0), user: ada.id, ...limits } as const;
    return house.catalog.accounts.createToken({ ...record, expires: clock() + minute });
  };
  await Promise.all(Array.from({ length: 1000 }, make));
  const auth = bearer(await token());
  for (const noun of ['tickets', 'mounts']) {
    const answer = await post(noun, auth);
    assert.equal(answer.status, 429);
    assert.match(String(answer.json().message), /revoke some/);
  }
  clock.now += minute;
  assert.equal((await post('mounts', auth)).status, 201);
});
