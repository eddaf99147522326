import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isStoreError } from '../../lib/core/error.ts';
import {
  elementsOf,
  innerXml,
  serializeElement,
  textOf,
  type XmlElement,
} from '../../lib/webdav/xml-element.ts';
import { parseXml, type XmlLimits } from '../../lib/webdav/xml-read.ts';
import { escapeAttribute, escapeXml, propertyName } from '../../lib/webdav/xml-write.ts';

async function* body(...parts: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}

const read = (text: string | Uint8Array, limits?: XmlLimits) => parseXml(body(text), limits);

async function root(text: string): Promise<XmlElement> {
  const element = await read(text);
  assert.ok(element !== undefined);
  return element;
}

const refused = (code: 'invalid' | 'too-large') => (error: unknown) => isStoreError(error, code);

test('an empty body is no document', async () => {
  assert.equal(await parseXml(body()), undefined);
  assert.equal(await parseXml(body('', '')), undefined);
});

test('names are resolved to their namespaces', async () => {
  const element = await root('<D:a xmlns:D="DAV:" xmlns="u"><b/><c xmlns=""/></D:a>');
  assert.equal(element.name, '{DAV:}a');
  assert.deepEqual(
    elementsOf(element).map(({ name }) => name),
    ['{u}b', '{}c'],
  );
});

test('text, CDATA and the five entities are read; comments and instructions are not', async () => {
  assert.equal(textOf(await root('<a>1&lt;<!-- x --><?y z?><![CDATA[<&]]>&#x1F600;</a>')), '1<<&😀');
});

const malformed: readonly (readonly [string, string])[] = [
  ['not XML', 'hello'],
  ['not closed', '<a><b></a>'],
  ['an unbound prefix', '<p:a/>'],
  ['an unbound prefix of an attribute', '<a p:b="1"/>'],
  ['an emptied prefix', '<p:a xmlns:p=""/>'],
  [
    'an emptied prefix in what calls itself XML 1.1',
    '<?xml version="1.1"?><a xmlns:p="u"><p:b xmlns:p=""/></a>',
  ],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['an attribute twice by namespace', '<a xmlns:x="u" xmlns:y="u" x:b="" y:b=""/>'],
  ['two roots', '<a/><b/>'],
  ['nothing but space', ' \n'],
  ['an unknown entity', '<a>&x;</a>'],
  ['a NUL', '<a>\0</a>'],
  ['a forbidden character reference', '<a>&#0;</a>'],
  ['a DOCTYPE', '<!DOCTYPE a><a/>'],
  ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ['an entity bomb', '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>'],
  ['an encoding that is not read', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>'],
];

for (const [what, text] of malformed) {
  test(`${what} is refused`, async () => {
    await assert.rejects(read(text), refused('invalid'));
  });
}

test('bytes that are not UTF-8 are refused', async () => {
  await assert.rejects(read(Buffer.from('<a>\xff</a>', 'latin1')), refused('invalid'));
  await assert.rejects(read(Buffer.from('<a>ü').subarray(0, 4)), refused('invalid'));
});

test('UTF-16 with its mark is read', async () => {
  const little = Buffer.from('\ufeff<a>ü</a>', 'utf16le');
  const element = await read(little);
  assert.equal(element && textOf(element), 'ü');
  assert.equal((await read(Buffer.from(little).swap16()))?.name, '{}a');
});

test('a character that is cut between two chunks stays whole', async () => {
  const bytes = Buffer.from('<a>😀</a>');
  for (let at = 1; at < bytes.length; at++) {
    const element = await parseXml(body(bytes.subarray(0, at), bytes.subarray(at)));
    assert.equal(element && textOf(element), '😀');
  }
});

test('a document too long, too deep or of too many elements is refused while it comes', async () => {
  await assert.rejects(read('<a>xxxx</a>', { bytes: 10 }), refused('too-large'));
  await assert.rejects(read('<a>'.repeat(65)), refused('too-large'));
  await assert.rejects(read(`<a>${'<b/>'.repeat(20_000)}</a>`), refused('too-large'));
  let sent = 0;
  async function* endless() {
    for (;;) {
      sent += 65_536;
      yield Buffer.alloc(65_536, 'x');
    }
  }
  await assert.rejects(parseXml(endless()), isStoreError);
  assert.ok(sent < 2_000_000);
});

test('an element is written with all that it needs', async () => {
  const element = await root(
    '<D:p xmlns:D="DAV:" xmlns:x="u" xml:lang="de"><x:a x:b="1"><D:c/>t</x:a></D:p>',
  );
  const [inner] = elementsOf(element);
  assert.ok(inner !== undefined);
  const xml = serializeElement(inner);
  assert.equal(xml, '<x:a xmlns:x="u" xml:lang="de" x:b="1"><D:c xmlns:D="DAV:"/>t</x:a>');
  assert.equal((await root(xml)).name, '{u}a');
  assert.equal(innerXml(element), '<x:a xmlns:x="u" x:b="1"><D:c xmlns:D="DAV:"/>t</x:a>');
});

test('an element without a namespace stays without one', async () => {
  const [inner] = elementsOf(await root('<p xmlns="u"><a xmlns=""><b xmlns="v"><c xmlns=""/></b></a></p>'));
  assert.ok(inner !== undefined);
  assert.equal(serializeElement(inner), '<a><b xmlns="v"><c xmlns=""/></b></a>');
});

test('what XML cannot carry is replaced, and the rest escaped', () => {
  assert.equal(escapeXml('a<b>&\x01\ufffe\t\n\r"'), 'a&lt;b&gt;&amp;\ufffd\ufffd\t\n&#13;"');
  assert.equal(escapeAttribute('"\t\n'), '&quot;&#9;&#10;');
  assert.equal(propertyName('{DAV:}a'), '<D:a/>');
  assert.equal(propertyName('{a"b}c'), '<c xmlns="a&quot;b"/>');
  assert.equal(propertyName('{}c'), '<c/>');
});

const local = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const words = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((text) => text.replace(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ''));
const heads = fc.tuple(local, fc.option(fc.constantFrom('u', 'DAV:', 'a&b"<')), words, words);
const leaf = fc.constant<readonly string[]>([]);
const { element: tree } = fc.letrec<{ element: string; children: readonly string[] }>((tie) => ({
  children: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('element'), { maxLength: 3 })),
  element: fc.tuple(heads, tie('children')).map(([[name, ns, attribute, text], children]) => {
    const declared = ns === null ? '' : ` xmlns:p="${escapeAttribute(ns)}"`;
    const tag = ns === null ? name : `p:${name}`;
    return `<${tag}${declared} k="${escapeAttribute(attribute)}">${escapeXml(text)}${children.join('')}</${tag}>`;
  }),
}));

test('what is written is read as the same (random documents)', async () => {
  const property = fc.asyncProperty(tree, async (xml) => {
    const once = serializeElement(await root(xml));
    assert.equal(serializeElement(await root(once)), once);
  });
  await fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 1_500 });
});

test('damaged documents are refused as such and never end otherwise (random bytes)', async () => {
  const seed =
    '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><x xmlns="u" a=\'1\'/>&amp;<![CDATA[x]]></D:prop></D:propfind>';
  const damage = fc.array(
    fc.tuple(
      fc.nat(seed.length),
      fc.constantFrom('<', '>', '&', '"', '!', '[', ']]>', '<!', '<?', ':', 'xmlns:', '\0', '\ud800', ''),
    ),
    { minLength: 1, maxLength: 6 },
  );
  const property = fc.asyncProperty(damage, fc.uint8Array({ maxLength: 8 }), async (cuts, tail) => {
    let text = seed;
    for (const [at, piece] of cuts) text = text.slice(0, at) + piece + text.slice(at + 1);
    try {
      await parseXml(body(text, tail));
    } catch (error) {
      assert.ok(isStoreError(error, 'invalid', 'too-large'), String(error));
    }
  });
  await fc.assert(property, { numRuns: 2_000, interruptAfterTimeLimit: 1_500 });
});
