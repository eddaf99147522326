import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../support/workspace.ts';
import { bearer, openDoor } from './door.ts';

const minute = 60_000;

test('a link gives its file to whoever has it: whole, in ranges, by HEAD, conditionally', async (t) => {
  const { post, send, token, file, clock, url } = await openDoor(t);
  const entry = await file('figure (1) ü.txt', '0123456789');
  const made = await post('downloads', bearer(await token()), { path: '/figure (1) ü.txt' });
  assert.equal(made.status, 201);
  assert.equal(made.json().expires, clock() + 5 * minute);
  const link = new URL(String(made.json().url));
  assert.equal(link.origin, url);
  const path = link.pathname + link.search;
  const whole = await send('GET', path);
  assert.deepEqual([whole.status, whole.text], [200, '0123456789']);
  assert.equal(whole.headers['referrer-policy'], 'no-referrer');
  assert.equal(whole.headers['cache-control'], 'private, no-store');
  assert.equal(whole.headers['x-content-type-options'], 'nosniff');
  assert.equal(
    whole.headers['content-disposition'],
    "attachment; filename*=UTF-8''figure%20%281%29%20%C3%BC.txt",
  );
  assert.equal(whole.headers.etag, `"${entry.version}"`);
  const part = await send('GET', path, { range: 'bytes=2-4' });
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, '234', 'bytes 2-4/10']);
  assert.equal((await send('GET', path, { range: 'bytes=20-' })).status, 416);
  const head = await send('HEAD', path);
  assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '10', '']);
  assert.equal((await send('GET', path, { 'if-none-match': `"${entry.version}"` })).status, 304);
  await file('figure (1) ü.txt', '0123456789'.repeat(100));
  const parts = await send('GET', path, { range: 'bytes=0-0,900-900' });
  assert.match(String(parts.headers['content-type']), /^multipart\/byteranges/);
});

test('a link is for reading its one file: another method, file, name or signature is refused', async (t) => {
  const { post, send, token, file } = await openDoor(t);
  await file('a.txt', 'mine');
  const other = await file('b.txt', 'other');
  const { url } = (await post('downloads', bearer(await token()), { path: '/a.txt' })).json();
  const { pathname, search } = new URL(String(url));
  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'PROPFIND']) {
    const answer = await send(method, pathname + search);
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'], method);
  }
  const [, id = ''] = /downloads\/([^/]+)\//.exec(pathname) ?? [];
  const swapped = search.replace(/\.[^.]+$/, (signature) => signature.split('').toReversed().join(''));
  for (const tampered of [
    `${pathname.replace(id, other.id)}${search}`,
    `${pathname.replace('a.txt', 'b.txt')}${search}`,
    `${pathname.replace('a.txt', 'A.txt')}${search}`,
    pathname,
    `${pathname}?signature=`,
    `${pathname}${swapped}`,
  ]) {
    const answer = await send('GET', tampered);
    assert.deepEqual([answer.status, answer.json().code], [403, 'denied'], tampered);
    assert.deepEqual(answer.challenges, [], 'nothing asks whoever follows a link to sign in');
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
  }
  const signature = new URLSearchParams(search).get('signature');
  assert.equal((await send('GET', '/homes/ada1/a.txt', bearer(signature))).status, 401);
  assert.equal((await send('GET', `/homes/ada1/a.txt${search}`)).status, 401, 'it opens no other door');
});

test('a mount’s credential signs no link', async (t) => {
  const { post, send, token, file } = await openDoor(t);
  const { id } = await file('a.txt', 'mine');
  const { credential } = (await post('mounts', bearer(await token()))).json();
  const answer = await send('GET', `/api/hearth/v1/downloads/${id}/a.txt?signature=${credential}`);
  assert.equal(answer.status, 403);
});

test('a link ends by its time, when it is revoked, and when its user is out', async (t) => {
  const { post, send, token, file, clock, house, ada } = await openDoor(t);
  await file('a.txt', 'mine');
  const auth = bearer(await token());
  const make = async (more = {}) => {
    const { url, id } = (await post('downloads', auth, { path: '/a.txt', ...more })).json();
    const { pathname, search } = new URL(String(url));
    return { id, get: async () => (await send('GET', pathname + search)).status };
  };
  const [usual, long, revoked] = [await make(), await make({ expiresIn: 3600 }), await make()];
  assert.equal((await send('DELETE', `/api/hearth/v1/downloads/${revoked.id}`, auth)).status, 204);
  assert.deepEqual([await usual.get(), await long.get(), await revoked.get()], [200, 200, 403]);
  clock.now += 5 * minute;
  assert.deepEqual([await usual.get(), await long.get()], [403, 200]);
  await house.catalog.accounts.updateUser(ada.id, { status: 'disabled' });
  assert.equal(await long.get(), 403);
  await house.catalog.accounts.updateUser(ada.id, { status: 'enabled' });
  clock.now += 55 * minute;
  assert.equal(await long.get(), 403);
  for (const expiresIn of [3601, 0, -1, 1.5, '60']) {
    assert.equal((await post('downloads', auth, { path: '/a.txt', expiresIn })).status, 400);
  }
});

test('a link follows its file, or stays with one version of it', async (t) => {
  const { post, send, token, file, workspace } = await openDoor(t);
  const { version } = await file('a.txt', 'one');
  const auth = bearer(await token());
  const make = async (more = {}) => {
    const { url } = (await post('downloads', auth, { path: '/a.txt', ...more })).json();
    const { pathname, search } = new URL(String(url));
    return pathname + search;
  };
  const [any, pinned, named] = [await make(), await make({ version: true }), await make({ version })];
  await workspace.move(at('home/a.txt'), at('home/moved.txt'));
  for (const path of [any, pinned, named]) assert.equal((await send('GET', path)).text, 'one');
  await file('moved.txt', 'two');
  assert.equal((await send('GET', any)).text, 'two');
  for (const path of [pinned, named]) {
    for (const headers of [{}, { range: 'bytes=0-0' }]) {
      assert.equal((await send('GET', path, headers)).status, 410);
    }
    assert.equal((await send('HEAD', path)).status, 410);
  }
  await workspace.remove(at('home/moved.txt'));
  assert.equal((await send('GET', any)).status, 404);
  await file('a.txt', 'one');
  assert.equal((await post('downloads', auth, { path: '/a.txt', version: 'other' })).status, 412);
});

test('a link is made within the limits of the credential, for a file alone', async (t) => {
  const { post, token, folder, file, grace } = await openDoor(t);
  const papers = await folder('papers');
  await file('papers/a.txt', 'a');
  await file('b.txt', 'b');
  const limited = bearer(await token({ write: false, root: papers.id }));
  assert.equal((await post('downloads', limited, { path: '/papers/a.txt' })).status, 201);
  const outside = await post('downloads', limited, { path: '/b.txt' });
  assert.equal(outside.status, 403);
  assert.match(outside.challenges[0] ?? '', /error="insufficient_scope", scope="read"/);
  const full = bearer(await token());
  const aFolder = await post('downloads', full, { path: '/papers' });
  assert.deepEqual([aFolder.status, aFolder.json().code], [400, 'is-folder']);
  assert.equal((await post('downloads', full, { path: '/nowhere' })).status, 404);
  const hers = bearer(await token({ user: grace.id }));
  assert.equal((await post('downloads', hers, { path: '/b.txt' })).status, 404);
});

test('what a person uploaded does not act as us', async (t) => {
  const { post, send, token, file } = await openDoor(t);
  await file('page.html', '<script>alert(1)</script>');
  const { url } = (await post('downloads', bearer(await token()), { path: '/page.html' })).json();
  const { pathname, search } = new URL(String(url));
  const { headers } = await send('GET', pathname + search);
  assert.equal(headers['content-security-policy'], 'sandbox');
  assert.match(String(headers['content-disposition']), /^attachment/);
});

test('links name the configured origin, and the log names no signature', async (t) => {
  const { post, send, token, file, lines } = await openDoor(t, {
    publicOrigins: ['https://files.example.org'],
  });
  await file('a.txt', 'a');
  const { url } = (await post('downloads', bearer(await token()), { path: '/a.txt' })).json();
  const { origin, pathname, search } = new URL(String(url));
  assert.equal(origin, 'https://files.example.org');
  assert.equal((await send('GET', pathname + search, { referer: String(url) })).status, 200);
  const last = JSON.parse(lines.at(-1) ?? '{}');
  assert.deepEqual([last.path, last.status, last.user], [pathname, 200, 'ada1']);
  assert.ok(!lines.join('').includes(search.slice(-40)));
});
