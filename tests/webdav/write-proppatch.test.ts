import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dav, serveDav } from './write-server.ts';

let dav: Dav;
before(async () => {
  dav = await serveDav();
  await dav.send('PUT', '/homes/ada/file', {}, 'x');
});
after(() => dav.close());

const set = (props: string): string => `<D:set><D:prop>${props}</D:prop></D:set>`;
const remove = (props: string): string => `<D:remove><D:prop>${props}</D:prop></D:remove>`;
const update = (...blocks: string[]): string =>
  `<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x" xmlns:Z="urn:schemas-microsoft-com:" xmlns:A="http://apache.org/dav/props/">${blocks.join('')}</D:propertyupdate>`;

const proppatch = (body: string, headers = {}, name = 'file') =>
  dav.send('PROPPATCH', `/homes/ada/${name}`, { 'Content-Type': 'application/xml', ...headers }, body);

const propfind = async (prop: string): Promise<string> => {
  const body = `<D:propfind xmlns:D="DAV:" xmlns:x="urn:x"><D:prop>${prop}</D:prop></D:propfind>`;
  return (await dav.send('PROPFIND', '/homes/ada/file', { Depth: '0' }, body)).text;
};

test('a property keeps its XML, its language, its namespaces and characters beyond the first plane', async () => {
  const answer = await proppatch(
    update(set('<x:a xml:lang="fr"><y:b xmlns:y="urn:y" c="1">𝕏 &lt;é&gt;</y:b></x:a>')),
  );
  assert.equal(answer.status, 207);
  assert.match(answer.text, /HTTP\/1.1 200 OK/);
  const found = await propfind('<x:a/>');
  assert.match(found, /xml:lang="fr"/);
  assert.match(found, /𝕏 &lt;é&gt;/);
  assert.match(found, /urn:y/);
});

test('instructions are done in the order of the document', async () => {
  await proppatch(
    update(set('<x:o>1</x:o>'), remove('<x:o/>'), set('<x:o>2</x:o>'), set('<x:p/>'), remove('<x:p/>')),
  );
  const { props } = await dav.stat('file');
  assert.match(props?.['{urn:x}o'] ?? '', />2</);
  assert.equal(props?.['{urn:x}p'], undefined);
});

test('removing a property that is not there succeeds', async () => {
  const answer = await proppatch(update(remove('<x:absent/>')));
  assert.match(answer.text, /HTTP\/1.1 200 OK/);
});

test('a protected property fails with 403, the others with 424, and nothing is changed', async () => {
  const answer = await proppatch(update(set('<x:not>1</x:not><D:getetag>x</D:getetag>')));
  assert.equal(answer.status, 207);
  assert.match(
    answer.text,
    /<D:getetag\/><\/D:prop><D:status>HTTP\/1.1 403 Forbidden<\/D:status><D:error><D:cannot-modify-protected-property\/>/,
  );
  assert.match(answer.text, /urn:x.*HTTP\/1.1 424 Failed Dependency/);
  assert.equal((await dav.stat('file')).props?.['{urn:x}not'], undefined);
});

test('the times that Windows sets are applied', async () => {
  const times = update(
    set(
      '<Z:Win32CreationTime>Tue, 02 Jan 2024 03:04:05 GMT</Z:Win32CreationTime>' +
        '<Z:Win32LastAccessTime>Tue, 02 Jan 2024 03:04:05 GMT</Z:Win32LastAccessTime>' +
        '<Z:Win32LastModifiedTime>Wed, 03 Jan 2024 03:04:05 GMT</Z:Win32LastModifiedTime>' +
        '<Z:Win32FileAttributes>00000020</Z:Win32FileAttributes>',
    ),
  );
  const answer = await proppatch(times);
  assert.equal(answer.status, 207);
  assert.equal(answer.text.match(/HTTP\/1.1 200 OK/g)?.length, 1);
  assert.doesNotMatch(answer.text, /HTTP\/1.1 4/);
  const { created, modified } = await dav.stat('file');
  assert.equal(created, Date.UTC(2024, 0, 2, 3, 4, 5));
  assert.equal(modified, Date.UTC(2024, 0, 3, 3, 4, 5));
});

test('getlastmodified can be set, and what is no time is 409', async () => {
  await proppatch(update(set('<D:getlastmodified>Thu, 01 Jan 2015 00:00:00 GMT</D:getlastmodified>')));
  assert.equal((await dav.stat('file')).modified, Date.UTC(2015, 0, 1));
  const answer = await proppatch(update(set('<D:getlastmodified>soon</D:getlastmodified>')));
  assert.match(answer.text, /HTTP\/1.1 409 Conflict/);
});

test('executable is the execute bits of the mode', async () => {
  await proppatch(update(set('<A:executable>T</A:executable>')));
  assert.equal(((await dav.stat('file')).mode ?? 0) & 0o111, 0o111);
  await proppatch(update(set('<A:executable>F</A:executable>')));
  assert.equal(((await dav.stat('file')).mode ?? 0) & 0o111, 0);
  assert.match((await proppatch(update(set('<A:executable>?</A:executable>')))).text, /409 Conflict/);
});

test('a client that wants little gets no body', async () => {
  const answer = await proppatch(update(set('<x:m/>')), { Prefer: 'return=minimal' });
  assert.deepEqual([answer.status, answer.text], [200, '']);
  assert.equal((await proppatch(update(set('<D:getetag/>')), { Prefer: 'return=minimal' })).status, 207);
});

test('a value that is too long is 507, and the rest 424', async () => {
  const answer = await proppatch(update(set(`<x:long>${'a'.repeat(70_000)}</x:long><x:short/>`)));
  assert.match(answer.text, /HTTP\/1.1 507 Insufficient Storage.*424 Failed Dependency/);
});

test('what is not a propertyupdate is 400, and what is not there 404', async () => {
  for (const body of [
    '',
    '<broken',
    '<D:other xmlns:D="DAV:"/>',
    update(),
    update(set('')),
    update('<D:set/>'),
  ]) {
    assert.equal((await proppatch(body)).status, 400, body);
  }
  assert.equal((await proppatch(update(set('<x:a/>')), {}, 'missing')).status, 404);
});

test('properties go along with COPY and MOVE', async () => {
  await proppatch(update(set('<x:kept>1</x:kept>')));
  await dav.send('COPY', '/homes/ada/file', { Destination: '/homes/ada/file2' });
  await dav.send('MOVE', '/homes/ada/file2', { Destination: '/homes/ada/file3' });
  assert.match((await dav.stat('file3')).props?.['{urn:x}kept'] ?? '', />1</);
});
