import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ada } from './memory-accounts.ts';
import { claimsOf, forge, grant, headerOf, hmac, minute, now, ownCredentials } from './own-credentials.ts';

const place = { id: '5f00000000000000000000aa', name: 'figure 1.png' };
const expires = now + 5 * minute;
const refusal = { code: 'denied', message: /This link is not valid/ };

test('a link opens its file, for reading, and nothing else', async () => {
  const { downloads } = ownCredentials();
  const { signature, id } = await downloads.issue(
    { user: ada.id, entry: place, version: 'v1', expires },
    now,
  );
  const { principal, entry, version } = await downloads.open(signature, place, expires - 1);
  assert.deepEqual([entry, version], [place.id, 'v1']);
  assert.deepEqual(
    [principal.login, principal.write, principal.root, principal.credential],
    [ada.login, false, place.id, id],
  );
  const other = { ...place, id: '5f00000000000000000000ab' };
  await assert.rejects(downloads.open(signature, other, now), refusal);
  await assert.rejects(downloads.open(signature, { ...place, name: 'x' }, now), refusal);
});

test('a link ends by its time, by revocation, and with its user', async () => {
  const { downloads, accounts, change } = ownCredentials();
  const { signature, id } = await downloads.issue({ user: ada.id, entry: place, expires }, now);
  await assert.rejects(downloads.open(signature, place, expires), refusal);
  change({ status: 'disabled' });
  await assert.rejects(downloads.open(signature, place, now), refusal);
  change({ status: 'enabled' });
  assert.equal((await accounts.tokens(ada.id)).find((one) => one.id === id)?.kind, 'download');
  await downloads.open(signature, place, now);
  await accounts.revokeToken(id);
  await assert.rejects(downloads.open(signature, place, now), refusal);
});

test('a link is no mount credential, a mount credential no link, and a forged one nothing', async () => {
  const { downloads, mounts, keys } = ownCredentials();
  const { signature } = await downloads.issue({ user: ada.id, entry: place, expires }, now);
  const mount = await mounts.issue(grant, now);
  await assert.rejects(mounts.authenticate({ kind: 'token', token: signature }, now), {
    code: 'unauthenticated',
  });
  await assert.rejects(mounts.renew({ kind: 'token', token: signature }, now), { code: 'unauthenticated' });
  await assert.rejects(downloads.open(mount.text, place, now), refusal);
  const current = await keys.current(now);
  const key = current.for('download').export();
  const claims = claimsOf(signature);
  const forged = [
    forge({ alg: 'none', kid: '1' }, claims, () => ''),
    // With the right key, and the record of a mount.
    forge(headerOf(signature), { ...claims, jti: mount.id }, hmac('sha256', key)),
    forge(headerOf(signature), { ...claims, aud: `${keys.issuer}:mount` }, hmac('sha256', key)),
    forge(headerOf(signature), claims, hmac('sha256', current.for('mount').export())),
    '',
    'x',
  ];
  for (const one of forged) await assert.rejects(downloads.open(one, place, now), refusal, one);
});
