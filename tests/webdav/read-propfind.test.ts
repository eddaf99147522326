import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { HeldLock } from '../../lib/core/contracts.ts';
import { elementsOf, textOf, type XmlElement } from '../../lib/webdav/xml-element.ts';
import { parseXml } from '../../lib/webdav/xml-read.ts';
import { ada } from './fake-workspace.ts';
import { type ReadServer, readServer } from './read-server.ts';

let server: ReadServer;

before(async () => {
  server = await readServer();
  server.fake.file('t.txt', '0123456789', {
    checksums: { sha1: 'ab', sha512: 'cd' },
    mode: 0o755,
    props: {
      '{u:}color': '<color xmlns="u:">red</color>',
      '{urn:schemas-microsoft-com:}Win32FileAttributes':
        '<Z:Win32FileAttributes xmlns:Z="urn:schemas-microsoft-com:">00000022</Z:Win32FileAttributes>',
    },
  });
  server.fake.folder('sub');
  server.fake.file('sub/a&b <c>.html', 'x');
});
after(() => server.close());
beforeEach(() => {
  server.fake.locks = [];
});

const prop = (...names: string[]) =>
  `<D:propfind xmlns:D="DAV:"><D:prop>${names.join('')}</D:prop></D:propfind>`;

interface Found {
  readonly text: string;
  readonly hrefs: readonly string[];
  /** By href, then by Clark name; `missing` are those of the 404. */
  readonly props: ReadonlyMap<string, ReadonlyMap<string, XmlElement>>;
  readonly missing: ReadonlyMap<string, readonly string[]>;
  readonly headers: Readonly<Record<string, unknown>>;
}

async function find(path: string, depth: string | undefined, body?: string, more = {}): Promise<Found> {
  const headers = { ...(depth === undefined ? {} : { depth }), ...more };
  const answer = await server.ask('PROPFIND', path, headers, body);
  assert.equal(answer.status, 207, answer.body);
  async function* once() {
    yield Buffer.from(answer.body);
  }
  const root = await parseXml(once(), { bytes: 1e8, elements: 1e6 });
  assert.equal(root?.name, '{DAV:}multistatus');
  const props = new Map<string, Map<string, XmlElement>>();
  const missing = new Map<string, string[]>();
  for (const response of elementsOf(root)) {
    const [first, ...stats] = elementsOf(response);
    const href = first === undefined ? '' : textOf(first);
    assert.ok(stats.length > 0);
    for (const stat of stats) {
      const [values, status] = elementsOf(stat);
      const elements = values === undefined ? [] : elementsOf(values);
      const ok = status !== undefined && textOf(status) === 'HTTP/1.1 200 OK';
      if (ok) props.set(href, new Map(elements.map((one) => [one.name, one])));
      else
        missing.set(
          href,
          elements.map((one) => one.name),
        );
    }
  }
  const hrefs = elementsOf(root).map((response) => textOf(elementsOf(response)[0] as XmlElement));
  return { text: answer.body, hrefs, props, missing, headers: answer.headers };
}

const value = (found: Found, href: string, name: string): string | undefined => {
  const element = found.props.get(href)?.get(name);
  return element === undefined ? undefined : textOf(element);
};

test('Depth 0 is the resource, Depth 1 and none its members too', async () => {
  assert.deepEqual((await find('/homes/ada/', '0')).hrefs, ['/homes/ada/']);
  for (const depth of ['1', undefined]) {
    assert.deepEqual((await find('/homes/ada', depth)).hrefs, [
      '/homes/ada/',
      '/homes/ada/t.txt',
      '/homes/ada/sub/',
    ]);
  }
});

test('Depth: infinity is refused with its condition', async () => {
  const answer = await server.ask('PROPFIND', '/homes/ada/', { depth: 'infinity' });
  assert.equal(answer.status, 403);
  assert.match(answer.body, /<D:propfind-finite-depth\/>/);
  assert.equal((await server.ask('PROPFIND', '/homes/ada/', { depth: '2' })).status, 400);
});

test('no body, an empty one and allprop ask for the same', async () => {
  const bare = await find('/homes/ada/t.txt', '0');
  const all = await find('/homes/ada/t.txt', '0', '<propfind xmlns="DAV:"><allprop/></propfind>');
  assert.equal(bare.text, all.text);
  assert.equal(value(bare, '/homes/ada/t.txt', '{DAV:}getcontentlength'), '10');
  assert.equal(value(bare, '/homes/ada/t.txt', '{u:}color'), 'red');
  assert.equal(value(bare, '/homes/ada/t.txt', '{DAV:}quota-used-bytes'), undefined);
  assert.deepEqual([...bare.missing], []);
});

test('include adds to allprop, once', async () => {
  const asked = '<propfind xmlns="DAV:"><allprop/><include><owner/><getetag/></include></propfind>';
  const found = await find('/homes/ada/t.txt', '0', asked);
  assert.ok(found.props.get('/homes/ada/t.txt')?.has('{DAV:}owner'));
  assert.equal(found.text.split('<D:getetag>').length, 2);
});

test('what is not there is in a propstat of its own', async () => {
  const found = await find(
    '/homes/ada/t.txt',
    '0',
    prop('<D:getetag/>', '<x xmlns="v"/>', '<y/>', '<D:quota-used-bytes/>'),
  );
  assert.deepEqual(found.missing.get('/homes/ada/t.txt'), ['{v}x', '{}y', '{DAV:}quota-used-bytes']);
  assert.ok(found.props.get('/homes/ada/t.txt')?.has('{DAV:}getetag'));
});

test('Prefer: return=minimal leaves out what is not there', async () => {
  const found = await find('/homes/ada/t.txt', '0', prop('<x xmlns="v"/>'), { prefer: 'return=minimal' });
  assert.deepEqual([...found.missing], []);
  assert.deepEqual([...(found.props.get('/homes/ada/t.txt') ?? [])], []);
  assert.equal(found.headers['preference-applied'], 'return=minimal');
});

test('Prefer: depth-noroot leaves out the folder itself', async () => {
  const found = await find('/homes/ada/', '1', prop('<D:getetag/>'), { prefer: 'depth-noroot' });
  assert.deepEqual(found.hrefs, ['/homes/ada/t.txt', '/homes/ada/sub/']);
});

test('propname gives names without values', async () => {
  const found = await find('/homes/ada/t.txt', '0', '<propfind xmlns="DAV:"><propname/></propfind>');
  const names = [...(found.props.get('/homes/ada/t.txt')?.keys() ?? [])];
  for (const name of ['{DAV:}getetag', '{u:}color', '{http://owncloud.org/ns}checksums'])
    assert.ok(names.includes(name));
  assert.equal(names.length, new Set(names).size);
  assert.doesNotMatch(found.text, /red|0123/);
});

test('names are escaped in hrefs and in text', async () => {
  const found = await find('/homes/ada/sub', '1', prop('<D:displayname/>', '<D:getcontenttype/>'));
  const href = '/homes/ada/sub/a%26b%20%3Cc%3E.html';
  assert.equal(value(found, href, '{DAV:}displayname'), 'a&b <c>.html');
  assert.equal(value(found, href, '{DAV:}getcontenttype'), 'text/html; charset=utf-8');
});

test('live properties say what the entry says', async () => {
  const o = 'xmlns="http://owncloud.org/ns"';
  const m = 'xmlns="urn:schemas-microsoft-com:"';
  const asked = prop(
    '<D:creationdate/><D:getlastmodified/><D:resourcetype/><D:owner/><D:current-user-principal/>',
    '<D:current-user-privilege-set/><D:supported-report-set/><D:supported-method-set/><D:supportedlock/>',
    `<checksums ${o}/><id ${o}/><size ${o}/><permissions ${o}/>`,
    '<executable xmlns="http://apache.org/dav/props/"/>',
    `<Win32LastModifiedTime ${m}/><Win32FileAttributes ${m}/>`,
  );
  const found = await find('/homes/ada/t.txt', '0', asked);
  const get = (name: string) => value(found, '/homes/ada/t.txt', name);
  assert.equal(get('{DAV:}creationdate'), '2026-01-02T03:04:05Z');
  assert.equal(get('{DAV:}getlastmodified'), 'Fri, 02 Jan 2026 03:04:05 GMT');
  assert.equal(get('{urn:schemas-microsoft-com:}Win32LastModifiedTime'), 'Fri, 02 Jan 2026 03:04:05 GMT');
  assert.equal(get('{urn:schemas-microsoft-com:}Win32FileAttributes'), '00000022', 'the stored one');
  assert.equal(get('{http://apache.org/dav/props/}executable'), 'T');
  assert.equal(get('{http://owncloud.org/ns}size'), '10');
  assert.equal(get('{http://owncloud.org/ns}permissions'), 'GDNVW');
  assert.match(found.text, /<o:checksum>SHA1:ab SHA512:cd<\/o:checksum>/);
  assert.match(found.text, /<D:owner><D:href>\/homes\/ada\/<\/D:href><\/D:owner>/);
  assert.deepEqual([...found.missing], []);
});

test('quota is told of folders when it is asked for', async () => {
  const asked = prop('<D:quota-used-bytes/>', '<D:quota-available-bytes/>');
  const found = await find('/homes/ada/', '0', asked);
  assert.equal(value(found, '/homes/ada/', '{DAV:}quota-used-bytes'), '100');
  assert.equal(value(found, '/homes/ada/', '{DAV:}quota-available-bytes'), '900');
});

test('locks are told where they are and, deep ones, below', async () => {
  const sub = server.fake.folder('sub');
  const home = server.fake.folder('');
  const lock = (entry: string, depth: 0 | 'infinity', token: string, path: string[]): HeldLock => ({
    token: `urn:uuid:${token}`,
    home: ada.home,
    entry,
    depth,
    scope: 'exclusive',
    owner: '',
    by: ada.user,
    expires: Date.UTC(2026, 5, 1) + 60_000,
    path,
  });
  server.fake.locks = [lock(home.id, 'infinity', 'deep', ['home']), lock(sub.id, 0, 'flat', ['home', 'sub'])];
  const found = await find('/homes/ada/', '1', prop('<D:lockdiscovery/>'));
  const tokens = (href: string) => {
    const element = found.props.get(href)?.get('{DAV:}lockdiscovery');
    assert.ok(element !== undefined);
    return elementsOf(element).flatMap((active) =>
      elementsOf(active)
        .filter((one) => one.name === '{DAV:}locktoken')
        .map((one) => textOf(elementsOf(one)[0] as XmlElement)),
    );
  };
  assert.deepEqual(tokens('/homes/ada/t.txt'), ['urn:uuid:deep']);
  assert.deepEqual(tokens('/homes/ada/sub/'), ['urn:uuid:deep', 'urn:uuid:flat']);
  assert.match(found.text, /<D:timeout>Second-60<\/D:timeout>/);
  assert.match(found.text, /<D:lockroot><D:href>\/homes\/ada\/sub\/<\/D:href>/);
});

test('the folders above homes show the way to one home', async () => {
  assert.deepEqual((await find('/', '1')).hrefs, ['/', '/homes/']);
  const homes = await find('/homes', '1');
  assert.deepEqual(homes.hrefs, ['/homes/', '/homes/ada/']);
  assert.equal(value(homes, '/homes/ada/', '{DAV:}displayname'), 'ada');
});

test('a long listing comes in order, whole, and in chunks', async () => {
  for (let n = 0; n < 1_000; n++) server.fake.file(`long/${n}`);
  const found = await find('/homes/ada/long/', '1', prop('<D:getetag/>'));
  assert.equal(found.hrefs.length, 1_001);
  assert.equal(found.headers['transfer-encoding'], 'chunked');
  assert.equal(found.hrefs.at(-1), '/homes/ada/long/999');
});

test('a body that is no PROPFIND is refused', async () => {
  for (const body of [
    '<a/>',
    '<propfind xmlns="DAV:"/>',
    '<propfind xmlns="DAV:"><allprop/><propname/></propfind>',
    '<propfind xmlns="DAV:"><prop/><prop/></propfind>',
    '<D:propfind xmlns:D=""/>',
    '<!DOCTYPE x><propfind xmlns="DAV:"><allprop/></propfind>',
    '<propfind xmlns="DAV:">',
  ]) {
    assert.equal((await server.ask('PROPFIND', '/homes/ada/', { depth: '0' }, body)).status, 400, body);
  }
  const huge = `<propfind xmlns="DAV:"><prop>${'<x/>'.repeat(300_000)}</prop></propfind>`;
  assert.equal((await server.ask('PROPFIND', '/homes/ada/', { depth: '0' }, huge)).status, 413);
});

test('a question longer than what is kept is answered too', async () => {
  const many = Array.from({ length: 500 }, (_, n) => `<x${n} xmlns="v"/>`);
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    const found = await find('/homes/ada/t.txt', '0', prop('<D:getetag/>', ...many), headers);
    assert.equal(found.missing.get('/homes/ada/t.txt')?.length, 500);
  }
});

test('a chunked question is answered, and the same one again', async () => {
  for (let n = 0; n < 2; n++) {
    const found = await find('/homes/ada/t.txt', '0', prop('<D:getetag/>'), {
      'transfer-encoding': 'chunked',
    });
    assert.deepEqual([...(found.props.get('/homes/ada/t.txt')?.keys() ?? [])], ['{DAV:}getetag']);
  }
});
