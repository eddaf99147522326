import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { easyHub } from '../app/easy-hub.ts';
import { bearer, openDoor } from './door.ts';

test('while its issuer is down, a token reads, and no credential is made from it or ended by it', async (t) => {
  const hub = await easyHub(t, 'hopper', ['custom:workspace:write']);
  const hubs = [{ url: hub.url, id: 'hub', accounts: { create: true } }];
  const { send, post, clock, house } = await openDoor(t, { 'identity.jupyterhubs': hubs });
  const token = bearer(randomBytes(16).toString('hex'));
  const put = await send('PUT', '/homes/hopper/a.txt', token, 'kept');
  assert.equal(put.status, 201);
  const mount = await post('mounts', token, {});
  assert.equal(mount.status, 201);
  hub.down();
  clock.now += 10_000;
  assert.equal((await send('GET', '/homes/hopper/a.txt', token)).status, 200);
  const user = await house.catalog.accounts.linked('hub', 'hopper');
  const before = await house.catalog.accounts.tokens(user?.id ?? '');
  const answers = [
    await post('tickets', token),
    await post('mounts', token),
    await post('downloads', token, { path: '/a.txt' }),
    await send('DELETE', `/api/hearth/v1/mounts/${mount.json().id}`, token),
  ];
  for (const { status, headers } of answers) assert.deepEqual([status, headers['retry-after']], [503, '10']);
  const after = await house.catalog.accounts.tokens(user?.id ?? '');
  assert.deepEqual(
    after.map(({ id }) => id),
    before.map(({ id }) => id),
  );
  const own = bearer(mount.json().credential);
  assert.equal((await send('PUT', '/homes/hopper/a.txt', own, 'new')).status, 204, 'a mount goes on');
});
