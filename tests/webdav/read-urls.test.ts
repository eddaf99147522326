import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isStoreError } from '../../lib/core/error.ts';
import { parsePath, toPath } from '../../lib/core/path.ts';
import { claims, homeUrls, parseTarget, sameHost } from '../../lib/webdav/urls.ts';

const prefix = parsePath('homes');
const hosts = new Set(['dav.example', 'dav.example:8443'].map(sameHost));
const urls = homeUrls({ login: 'ada', prefix, hosts: () => hosts });
const invalid = (error: unknown) => isStoreError(error, 'invalid');
const names = (raw: string) => [...parseTarget(raw).names];

test('names are decoded one by one', () => {
  assert.deepEqual(names('/homes/ada/a%20b/c'), ['homes', 'ada', 'a b', 'c']);
  assert.deepEqual(names('/a+b/%2B/%25/%3f%23'), ['a+b', '+', '%', '?#']);
  assert.deepEqual(names('/caf%C3%A9'), ['café']);
});

test('a slash at the end is told, doubled slashes are one', () => {
  assert.equal(parseTarget('/a/').slash, true);
  assert.equal(parseTarget('/a').slash, false);
  assert.deepEqual(names('//a///b/'), ['a', 'b']);
});

test('a query is not part of the path, and an origin neither', () => {
  assert.deepEqual(names('/a?b=/../c'), ['a']);
  assert.deepEqual(names('http://anything.example:1/a/b?c'), ['a', 'b']);
  assert.deepEqual(names('*'), []);
  assert.deepEqual(names('https://x'), []);
});

test('bytes of UTF-8 that were sent as they are mean what they say', () => {
  assert.deepEqual(names(Buffer.from('/café').toString('latin1')), ['café']);
});

test('a backslash is a character like any other', () => {
  assert.deepEqual(names('/a%5Cb/c\\d'), ['a\\b', 'c\\d']);
});

for (const raw of [
  '/a/../b',
  '/a/./b',
  '/a/%2e%2e/b',
  '/a/.%2E',
  '/%2e',
  '/a%2Fb',
  '/a%2f..%2fb',
  '/a%00b',
  '/a%',
  '/a%4',
  '/a%zz',
  '/%ff',
  '/%c0%af',
  '/a#b',
  '/a?b#c',
  '/%ED%A0%80',
  'a/b',
  `/${'x'.repeat(256)}`,
  `/${'%C3%A9'.repeat(128)}`,
  '/x'.repeat(513),
]) {
  test(`${raw.slice(0, 40)} is refused`, () => {
    assert.throws(() => parseTarget(raw), invalid);
  });
}

test('the door takes what leads to the homes, however it is spelled, and nothing else', () => {
  for (const raw of [
    '/',
    '*',
    '/homes',
    '/homes/',
    '/homes/x/%zz',
    '/%68omes/a',
    '//homes',
    '/homes?x',
    '/homes#x',
  ]) {
    assert.equal(claims(raw, prefix), true, raw);
  }
  for (const raw of ['/homesx', '/api/v1', '/panel/%zz', '/../homes/a', '/Homes', '/%zz']) {
    assert.equal(claims(raw, prefix), false, raw);
  }
});

test('an href is path-absolute, escaped in upper case, and ends in a slash for a folder', () => {
  assert.equal(urls.href(['home'], true), '/homes/ada/');
  assert.equal(urls.href(['home', 'a b', 'é#?%&<'], false), '/homes/ada/a%20b/%C3%A9%23%3F%25%26%3C');
  assert.equal(urls.principal, '/homes/ada/');
});

test('a destination may be a path or a URL of this server, whatever its scheme', () => {
  const path = ['home', 'x y'];
  for (const reference of [
    '/homes/ada/x%20y',
    'http://dav.example/homes/ada/x%20y',
    'https://DAV.example:443/homes/ada/x%20y',
    'http://dav.example:80/homes/ada/x%20y',
    'https://dav.example:8443/homes/ada/x%20y',
    ' /homes/ada/x%20y ',
  ]) {
    assert.deepEqual(urls.parse(reference), { path, slash: false }, reference);
  }
  assert.deepEqual(urls.parse('/homes/ada/'), { path: ['home'], slash: true });
});

test('another server, another scheme or another door is foreign', () => {
  for (const reference of [
    'http://evil.example/homes/ada/x',
    'http://dav.example:8080/homes/ada/x',
    'http://dav.example.evil/homes/ada/x',
    'http://evil.example@other.example/homes/ada/x',
    'ftp://dav.example/homes/ada/x',
    'mailto:ada',
    '/data/x',
    '/',
    '/homes',
  ]) {
    assert.equal(urls.parse(reference), 'foreign', reference);
  }
});

test("another user's home is not there", () => {
  assert.throws(
    () => urls.parse('/homes/grace/x'),
    (error) => isStoreError(error, 'not-found'),
  );
});

test('what is no reference to a file is refused', () => {
  for (const reference of [
    '',
    'x',
    'homes/ada/x',
    '/homes/ada/../grace/x',
    '/homes/ada/x?y',
    '/homes/ada/x#y',
    '/homes/ada/%2e%2e/x',
  ]) {
    assert.throws(() => urls.parse(reference), invalid, reference);
  }
});

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((text) => text.isWellFormed() && !/[/\0]/.test(text) && text !== '.' && text !== '..');

test('an href leads back to its path (random names)', () => {
  const property = fc.property(fc.array(name, { maxLength: 6 }), fc.boolean(), (parts, folder) => {
    const path = toPath(['home', ...parts]);
    const href = urls.href(path, folder);
    assert.match(href, /^\/homes\/ada(?:\/(?:[\w\-.~!*'()]|%[0-9A-F]{2})+)*\/?$/);
    assert.deepEqual(urls.parse(href), { path, slash: folder });
    assert.deepEqual(urls.parse(`http://dav.example${href}`), { path, slash: folder });
  });
  fc.assert(property, { numRuns: 1_000, interruptAfterTimeLimit: 1_500 });
});

test('a target is read or refused, and what is read has no way out (random targets)', () => {
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%5c',
    '%',
    '%00',
    '\\',
    '#',
    '?',
    'a',
    '%C3',
    '%A9',
    'é',
    ':',
    '@',
    'http://',
    '*',
    ' ',
  );
  const property = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const raw = pieces.join('');
    claims(raw, prefix);
    try {
      for (const part of parseTarget(raw).names)
        assert.ok(part !== '.' && part !== '..' && !/[/\0]/.test(part));
    } catch (error) {
      assert.ok(invalid(error), String(error));
    }
  });
  fc.assert(property, { numRuns: 3_000, interruptAfterTimeLimit: 1_500 });
});
