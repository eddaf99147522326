import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, lockBody, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
});
after(() => dav.close());

const xml = { 'Content-Type': 'application/xml' };
const token = /<urn:uuid:[0-9a-f-]{36}>/;

const lock = (name: string, headers = {}, body = lockBody()) =>
  dav.send('LOCK', `/homes/ada/${name}`, { ...xml, ...headers }, body);

test('LOCK on nothing makes an empty file with 201', async () => {
  const answer = await lock('fresh');
  assert.equal(answer.status, 201);
  assert.match(answer.headers['lock-token'] as string, token);
  assert.equal(answer.headers['content-type'], 'application/xml; charset="utf-8"');
  assert.match(answer.text, /<D:depth>infinity<\/D:depth>.*<D:timeout>Second-1800<\/D:timeout>/);
  assert.match(answer.text, /<D:lockroot><D:href>\/homes\/ada\/fresh<\/D:href><\/D:lockroot>/);
  assert.equal((await dav.stat('fresh')).size, 0);
});

test('LOCK below a folder that is not there is 409', async () => {
  assert.equal((await lock('no/such/file')).status, 409);
});

test('LOCK on what is there is 200, and the owner is given back as it came', async () => {
  await dav.send('PUT', '/homes/ada/owned', {}, 'x');
  const owner = '<D:owner xml:lang="de"><x:who xmlns:x="urn:x" x:y="1">Müller &amp; Söhne</x:who></D:owner>';
  const answer = await lock('owned', { Depth: '0', Timeout: 'Second-600' }, lockBody('exclusive', owner));
  assert.equal(answer.status, 200);
  assert.match(answer.text, /Müller &amp; Söhne/);
  assert.match(answer.text, /urn:x/);
  assert.match(answer.text, /<D:depth>0<\/D:depth>/);
  assert.match(answer.text, /Second-600/);
});

test('without the token, the same user gets 423 with the root of the lock; with it, the write goes on', async () => {
  const { headers } = await lock('mine');
  const held = headers['lock-token'] ?? '';
  const refused = await dav.send('PUT', '/homes/ada/mine', {}, 'x');
  assert.equal(refused.status, 423);
  assert.match(
    refused.text,
    /<D:error xmlns:D="DAV:"><D:lock-token-submitted><D:href>\/homes\/ada\/mine<\/D:href><\/D:lock-token-submitted>/,
  );
  assert.equal((await dav.send('PUT', '/homes/ada/mine', { If: `(${held})` }, 'x')).status, 204);
  assert.equal((await dav.send('PUT', '/homes/ada/mine', { If: '(<urn:uuid:bogus>)' }, 'x')).status, 412);
  const corrupt = `(${held.replace('>', 'x>')}) (Not <DAV:no-lock>)`;
  assert.equal((await dav.send('PUT', '/homes/ada/mine', { If: corrupt }, 'x')).status, 423);
  assert.equal((await dav.send('PUT', '/homes/ada/mine', { If: '(<DAV:no-lock>)' }, 'x')).status, 412);
});

test('a second exclusive lock is 423 and names the root of the first', async () => {
  await lock('taken');
  const answer = await lock('taken');
  assert.equal(answer.status, 423);
  assert.match(
    answer.text,
    /<D:no-conflicting-lock><D:href>\/homes\/ada\/taken<\/D:href><\/D:no-conflicting-lock>/,
  );
});

test('shared locks stand together, and an exclusive one does not join them', async () => {
  assert.equal((await lock('shared', {}, lockBody('shared'))).status, 201);
  assert.equal((await lock('shared', {}, lockBody('shared'))).status, 200);
  assert.equal((await lock('shared')).status, 423);
});

test('a folder with a locked member cannot be locked: 207 names the member', async () => {
  await dav.send('MKCOL', '/homes/ada/room');
  await lock('room/desk');
  const answer = await lock('room');
  assert.equal(answer.status, 207);
  assert.match(answer.text, /\/homes\/ada\/room\/desk<\/D:href><D:status>HTTP\/1.1 423/);
  assert.match(answer.text, /\/homes\/ada\/room\/<\/D:href><D:status>HTTP\/1.1 424/);
});

test('a refresh keeps the token, gives no Lock-Token header, and passes over Depth', async () => {
  const { headers } = await lock('long');
  const held = headers['lock-token'] ?? '';
  dav.clock.now += 1_000_000;
  const again = await dav.send('LOCK', '/homes/ada/long', {
    If: `(${held})`,
    Depth: '1',
    Timeout: 'Second-900',
  });
  assert.equal(again.status, 200);
  assert.equal(again.headers['lock-token'], undefined);
  assert.ok(again.text.includes(held.slice(1, -1)));
  assert.match(again.text, /Second-900/);
});

test('a refresh of a lock that ended is 412, and one that names none is 400', async () => {
  const { headers } = await lock('short', { Timeout: 'Second-1' });
  dav.clock.now += 2_000;
  assert.equal(
    (await dav.send('LOCK', '/homes/ada/short', { If: `(${headers['lock-token']})` })).status,
    412,
  );
  assert.equal((await dav.send('LOCK', '/homes/ada/short')).status, 400);
});

test('a LOCK that is not understood is 400', async () => {
  assert.equal((await lock('bad', {}, '<D:lockinfo xmlns:D="DAV:"/>')).status, 400);
  assert.equal((await lock('bad', {}, '<broken')).status, 400);
  assert.equal((await lock('bad', { Depth: '1' })).status, 400);
  await assert.rejects(dav.stat('bad'));
});

test('UNLOCK takes the token with brackets and without', async () => {
  for (const wrap of [(text: string) => text, (text: string) => text.slice(1, -1)]) {
    const { headers } = await lock('open');
    const held = wrap(headers['lock-token'] ?? '');
    assert.equal((await dav.send('UNLOCK', '/homes/ada/open', { 'Lock-Token': held })).status, 204);
  }
  assert.equal((await dav.send('PUT', '/homes/ada/open', {}, 'free')).status, 204);
});

test('UNLOCK says what is wrong', async () => {
  await lock('closed');
  assert.equal((await dav.send('UNLOCK', '/homes/ada/closed')).status, 400);
  const other = await dav.send('UNLOCK', '/homes/ada/closed', { 'Lock-Token': '<urn:uuid:bogus>' });
  assert.equal(other.status, 409);
  assert.match(other.text, /lock-token-matches-request-uri/);
});

test('a lock of Depth 0 on a folder guards its members’ names, not their content', async () => {
  await dav.send('MKCOL', '/homes/ada/frame');
  await dav.send('PUT', '/homes/ada/frame/in', {}, 'x');
  const { headers } = await lock('frame', { Depth: '0' });
  const held = { If: `</homes/ada/frame> (${headers['lock-token']})` };
  assert.equal((await dav.send('PUT', '/homes/ada/frame/in', {}, 'y')).status, 204);
  assert.equal((await dav.send('PUT', '/homes/ada/frame/new', {}, 'y')).status, 423);
  assert.equal((await dav.send('PUT', '/homes/ada/frame/new', held, 'y')).status, 201);
});

test('MOVE needs the token of the source and leaves the lock behind', async () => {
  const { headers } = await lock('moving');
  const to = { Destination: '/homes/ada/moved' };
  assert.equal((await dav.send('MOVE', '/homes/ada/moving', to)).status, 423);
  assert.equal(
    (await dav.send('MOVE', '/homes/ada/moving', { ...to, If: `(${headers['lock-token']})` })).status,
    201,
  );
  assert.equal((await dav.send('PUT', '/homes/ada/moved', {}, 'x')).status, 204);
});

test('COPY onto a locked file needs its token, tagged with the destination', async () => {
  await dav.send('PUT', '/homes/ada/original', {}, 'x');
  const { headers } = await lock('target');
  const to = { Destination: '/homes/ada/target' };
  assert.equal((await dav.send('COPY', '/homes/ada/original', to)).status, 423);
  const tagged = { ...to, If: `<${dav.url}/homes/ada/target> (${headers['lock-token']})` };
  assert.equal((await dav.send('COPY', '/homes/ada/original', tagged)).status, 204);
});
