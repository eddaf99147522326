import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountCredentials } from '../../lib/auth/mount-credential.ts';
import { publishAhead, signingKeys } from '../../lib/auth/signing-keys.ts';
import { sqliteCatalog } from '../../lib/catalog/sqlite.ts';
import { headerOf } from '../auth/own-credentials.ts';
import { handClock, randomIds } from '../support/workspace.ts';

const hour = 3600_000;

test('two rings over one catalog: a rotation breaks no mount, and ends the key before in time', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-rotation-'));
  const clock = handClock();
  const key = createSecretKey(randomBytes(32));
  const open = async () => {
    const catalog = await sqliteCatalog({ path: join(folder, 'catalog.sqlite'), ids: randomIds, clock });
    const { accounts } = catalog;
    const keys = signingKeys({ accounts, key, rotateEvery: 720 * hour, verifyFor: 24 * hour });
    const mounts = mountCredentials({ accounts, keys, lifetime: hour / 6, keep: 24 * hour });
    return { catalog, keys, mounts };
  };
  const [a, b] = [await open(), await open()];
  t.after(async () => {
    await a.catalog.close();
    await b.catalog.close();
    await rm(folder, { recursive: true, force: true });
  });
  const user = await a.catalog.accounts.createUser({
    ...{ id: randomIds(), login: 'ada1', email: null, firstName: '', lastName: '', admin: false },
    ...{ status: 'enabled', created: clock(), quota: null, removeAfter: null },
  });
  const grant = { user: user.id, name: 'm', write: true, root: null };
  const bearer = (token: string) => ({ kind: 'token', token }) as const;
  const asleep = await a.mounts.issue(grant, clock());
  let { text } = await a.mounts.issue(grant, clock());
  const kids = new Set<unknown>();
  // A mount that renews at the one process and asks at the other, while the key changes under it.
  for (let turn = 0; turn < 40; turn++) {
    if (turn === 5) await b.keys.rotate(clock());
    clock.now += 7_000;
    const [here, there] = turn % 2 === 0 ? [a, b] : [b, a];
    assert.ok(await there.mounts.authenticate(bearer(text), clock()), `turn ${turn}`);
    text = (await here.mounts.renew(bearer(text), clock())).text;
    kids.add(headerOf(text).kid);
  }
  assert.deepEqual([...kids], ['1', '2']);
  assert.ok(40 * 7_000 > publishAhead);
  // One that slept over the rotation is renewed by its old key, as long as its record lives.
  clock.now += 23 * hour;
  const woken = await b.mounts.renew(bearer(asleep.text), clock());
  assert.equal(headerOf(woken.text).kid, '2');
  clock.now += 2 * hour;
  await assert.rejects(b.mounts.renew(bearer(asleep.text), clock()), { code: 'unauthenticated' });
  await a.mounts.renew(bearer(woken.text), clock());
});
