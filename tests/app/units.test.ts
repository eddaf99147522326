import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectIds } from '../../lib/app/ids.ts';
import { loginFrom, parseLogin } from '../../lib/app/people.ts';
import { formatSize, parseDuration, parseSize } from '../../lib/app/units.ts';

test('sizes are read as people write them', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['4096', 4096],
    ['10GiB', 10 * 1024 ** 3],
    ['10 gib', 10 * 1024 ** 3],
    ['1.5k', 1536],
    ['500MB', 500_000_000],
    ['2T', 2 * 1024 ** 4],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

test('what is no size and no duration is undefined', () => {
  for (const text of ['', 'GiB', '-1', '1e9', '10 parsecs', '1..5k', '99999999T', 'constructor']) {
    assert.equal(parseSize(text), undefined, text);
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('durations are read as people write them', () => {
  assert.deepEqual(
    ['250ms', '90s', '5m', '12h', '30d', '2w'].map(parseDuration),
    [250, 90_000, 300_000, 43_200_000, 2_592_000_000, 1_209_600_000],
  );
});

test('sizes are written for people', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 10 * 1024 ** 3, 500 * 1024 ** 2].map(formatSize), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '10.0 GiB',
    '500 MiB',
  ]);
});

test('ids are 24 hex digits, rise with time and are never the same', () => {
  const ids = objectIds(() => 1_700_000_000_000);
  const made = Array.from({ length: 1000 }, ids);
  assert.equal(new Set(made).size, 1000);
  for (const id of made) assert.match(id, /^[0-9a-f]{24}$/);
  assert.ok(made[0]?.startsWith((1_700_000_000).toString(16)));
});

test('a login follows Girder, and one is made of any name of the system', () => {
  assert.equal(parseLogin('Ada.L-1'), 'ada.l-1');
  for (const bad of ['ada', '1ada', 'ada lovelace', 'ada/x', '', 'a'.repeat(65)]) {
    assert.throws(() => parseLogin(bad), /cannot be a login/);
  }
  const names = ['Grace.Hopper', 'root', '', 'bob', '_www-data', '42', 'Zoë'];
  assert.deepEqual(names.map(loginFrom), [
    'grace.hopper',
    'researcher',
    'researcher',
    'researcher',
    'www-data',
    'researcher',
    'researcher',
  ]);
});
