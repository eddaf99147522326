import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isStoreError } from '../../lib/core/error.ts';
import { evaluateIf, formatIf, type IfList, parseIf, submitted } from '../../lib/webdav/if-header.ts';

const lock = 'urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2';

const state = (etag: string | undefined, tokens: readonly string[] = []) => ({
  etag: async () => etag,
  tokens: async () => tokens,
});

const holds = (text: string, etag?: string, tokens: readonly string[] = []) =>
  evaluateIf(parseIf(text), (resource) => (resource === null ? state(etag, tokens) : state(undefined)));

test('the untagged list that Finder sends after LOCK is read as one token of the request’s resource', () => {
  assert.deepEqual(parseIf(`(<${lock}>)`), [
    { resource: null, conditions: [{ not: false, kind: 'token', value: lock }] },
  ]);
});

test('the examples of RFC 4918 §10.4 are read', () => {
  assert.equal(parseIf(`(<${lock}> ["I am an ETag"]) (["I am another ETag"])`).length, 2);
  assert.equal(parseIf(`(Not <${lock}> <urn:uuid:58f202ac>)`)[0]?.conditions[0]?.not, true);
  const tagged = parseIf(`</specs/rfc2518.doc> ([W/"A weak ETag"]) (["strong"]) <http://a/b> (<${lock}>)`);
  assert.deepEqual(
    tagged.map((list) => list.resource),
    ['/specs/rfc2518.doc', '/specs/rfc2518.doc', 'http://a/b'],
  );
});

test('what is not in the grammar is invalid', () => {
  const garbage = [
    '',
    ' ',
    '(',
    ')',
    '()',
    '(Not)',
    '(Not Not <a:b>)',
    '<a:b>',
    '<a:b> <c:d> (<e:f>)',
    'x',
    '(<>)',
  ];
  garbage.push(
    '(<a:b>) <c:d> (<e:f>)',
    '([abc])',
    '(["a)',
    '(<a:b>), (<c:d>)',
    '(<a:b>) x',
    '((<a:b>))',
    '[“a”]',
  );
  garbage.push(
    '["a"]',
    'Not (<a:b>)',
    '(<a b>)',
    `(${'<a:b> '.repeat(4000)})`,
    '(<a:b>) <c:d>',
    '(Not<a:b>',
    'Not',
  );
  for (const text of garbage) {
    assert.throws(
      () => parseIf(text),
      (error) => isStoreError(error, 'invalid'),
      text,
    );
  }
});

test('a header that names too many resources is invalid', () => {
  const many = Array.from({ length: 65 }, (_, index) => `</${index}> (<a:b>)`).join(' ');
  assert.throws(
    () => parseIf(many),
    (error) => isStoreError(error, 'invalid'),
  );
});

test('one list that holds is enough, and in a list every condition must hold', async () => {
  assert.equal(await holds(`(<${lock}> ["a"])`, '"a"', [lock]), true);
  assert.equal(await holds(`(<${lock}> ["b"])`, '"a"', [lock]), false);
  assert.equal(await holds(`(<${lock}> ["b"]) (["a"])`, '"a"', []), true);
  assert.equal(await holds(`(<${lock}x>) (Not <DAV:no-lock>)`, '"a"', [lock]), true);
});

test('DAV:no-lock never holds, and Not turns a condition around', async () => {
  assert.equal(await holds('(<DAV:no-lock>)', '"a"', ['DAV:no-lock']), false);
  assert.equal(await holds(`(Not <${lock}>)`, '"a"', [lock]), false);
  assert.equal(await holds('(Not ["a"])', undefined), true);
});

test('a weak entity tag never matches', async () => {
  assert.equal(await holds('([W/"a"])', '"a"'), false);
});

test('a token is submitted wherever it stands in the header, DAV:no-lock never', () => {
  assert.deepEqual(submitted(parseIf(`(<${lock}>) (Not <DAV:no-lock> <x:y>) (<${lock}>)`)), [lock, 'x:y']);
});

const uri = fc.stringMatching(/^[a-z]{1,8}:[!-;=?-~é€]{1,20}$/u);
const etag = fc
  .tuple(fc.constantFrom('', 'W/'), fc.stringMatching(/^[ !#-~é]{0,20}$/u))
  .map(([w, s]) => `${w}"${s}"`);
const plain = { noNullPrototype: true };
const condition = fc.oneof(
  fc.record({ not: fc.boolean(), kind: fc.constant('token' as const), value: uri }, plain),
  fc.record({ not: fc.boolean(), kind: fc.constant('etag' as const), value: etag }, plain),
);
const conditions = fc.array(condition, { minLength: 1, maxLength: 5 });
const header: fc.Arbitrary<readonly IfList[]> = fc.oneof(
  fc.array(fc.record({ resource: fc.constant(null), conditions }, plain), { minLength: 1, maxLength: 5 }),
  fc.array(fc.record({ resource: uri, conditions }, plain), { minLength: 1, maxLength: 5 }),
);

test('what is written is read back the same', () => {
  fc.assert(
    fc.property(header, (lists) => assert.deepEqual(parseIf(formatIf(lists)), lists)),
    { interruptAfterTimeLimit: 1000, numRuns: 2000 },
  );
});

test('any text is read or is invalid, and nothing else happens', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '<',
    '>',
    '[',
    ']',
    '"',
    'Not',
    'W/',
    ' ',
    '\t',
    'a:b',
    ',',
    '<a:b>',
    '["x"]',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (sample) => {
      try {
        assert.equal(formatIf(parseIf(formatIf(parseIf(sample)))), formatIf(parseIf(sample)));
      } catch (error) {
        if (!isStoreError(error, 'invalid')) throw error;
      }
    }),
    { interruptAfterTimeLimit: 1000, numRuns: 5000 },
  );
});

test('the longest header is read in a moment', () => {
  const started = performance.now();
  for (const text of [
    '('.repeat(16_384),
    `(${' '.repeat(16_382)}`,
    `(<${'a'.repeat(16_381)}`,
    `(["${'a'.repeat(16_000)}`,
  ]) {
    assert.throws(
      () => parseIf(text),
      (error) => isStoreError(error, 'invalid'),
    );
  }
  assert.ok(performance.now() - started < 500);
});
