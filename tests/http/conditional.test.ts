import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStoreError } from '../../lib/core/error.ts';
import { conditional, evaluate, evaluateRead, rangeHolds } from '../../lib/http/conditional.ts';
import { httpDate, isoDate, parseHttpDate } from '../../lib/http/dates.ts';

const modified = Date.UTC(2026, 0, 2, 3, 4, 5) + 678;
const found = { version: 'v1', modified };
const stale = (error: unknown): boolean => isStoreError(error, 'stale');
const same = httpDate(modified);
const earlier = httpDate(modified - 60_000);

test('a request without conditions expects nothing', () => {
  assert.equal(conditional({}), false);
  assert.equal(evaluate({}, found), undefined);
  assert.deepEqual(evaluateRead({}, found), { outcome: 'pass' });
});

test('If-Match with the tag that is there expects that version at commit', () => {
  assert.equal(evaluate({ 'if-match': '"v1"' }, found), 'v1');
  assert.equal(evaluate({ 'if-match': '"v0", "v1"' }, found), 'v1');
  assert.equal(evaluate({ 'if-match': '"v0" ,, "v1" , ' }, found), 'v1');
});

test('If-Match: * expects anything at all', () => {
  assert.equal(evaluate({ 'if-match': '*' }, found), 'present');
  assert.throws(() => evaluate({ 'if-match': '*' }, undefined), stale);
});

test('If-Match compares strongly', () => {
  assert.throws(() => evaluate({ 'if-match': 'W/"v1"' }, found), stale);
  assert.throws(() => evaluate({ 'if-match': '"v2"' }, found), stale);
  assert.throws(() => evaluate({ 'if-match': '"v1"' }, undefined), stale);
});

test('If-None-Match: * expects nothing to be there', () => {
  assert.equal(evaluate({ 'if-none-match': '*' }, undefined), 'absent');
  assert.throws(() => evaluate({ 'if-none-match': '*' }, found), stale);
});

test('If-None-Match compares weakly, and reading answers 304', () => {
  assert.deepEqual(evaluateRead({ 'if-none-match': 'W/"v1"' }, found), { outcome: 'not-modified' });
  assert.deepEqual(evaluateRead({ 'if-none-match': '"v0", "v1"' }, found), { outcome: 'not-modified' });
  assert.equal(evaluateRead({ 'if-none-match': '"v2"' }, found).outcome, 'pass');
  assert.throws(() => evaluate({ 'if-none-match': '"v1"' }, found), stale);
});

test('a change that passed If-None-Match expects what was seen', () => {
  assert.equal(evaluate({ 'if-none-match': '"v2"' }, found), 'v1');
  assert.equal(evaluate({ 'if-none-match': '"v2"' }, undefined), 'absent');
});

test('If-Unmodified-Since counts in seconds and expects the version it saw', () => {
  assert.equal(evaluate({ 'if-unmodified-since': same }, found), 'v1');
  assert.throws(() => evaluate({ 'if-unmodified-since': earlier }, found), stale);
  assert.equal(evaluateRead({ 'if-unmodified-since': earlier }, found).outcome, 'failed');
});

test('If-Modified-Since counts for reading alone', () => {
  assert.deepEqual(evaluateRead({ 'if-modified-since': same }, found), { outcome: 'not-modified' });
  assert.equal(evaluateRead({ 'if-modified-since': earlier }, found).outcome, 'pass');
  assert.equal(evaluate({ 'if-modified-since': same }, found), undefined);
});

test('tags go before dates', () => {
  const headers = { 'if-match': '"v1"', 'if-unmodified-since': earlier };
  assert.equal(evaluate(headers, found), 'v1');
  assert.equal(evaluateRead({ 'if-none-match': '"v2"', 'if-modified-since': same }, found).outcome, 'pass');
});

test('what is no date is passed over', () => {
  for (const bad of ['', 'soon', '2026-01-02', '5', 'Mon']) {
    assert.equal(evaluate({ 'if-unmodified-since': bad }, found), undefined, bad);
    assert.equal(evaluateRead({ 'if-modified-since': bad }, found).outcome, 'pass', bad);
  }
});

test('a tag without its quotes is taken for what it means, and a broken list is refused', () => {
  assert.equal(evaluate({ 'if-match': 'v1' }, found), 'v1');
  assert.throws(
    () => evaluate({ 'if-match': '"v1' }, found),
    (error) => isStoreError(error, 'invalid'),
  );
});

test('If-Range holds for the strong tag, never for a weak one or a date', () => {
  assert.equal(rangeHolds(undefined, found), true);
  assert.equal(rangeHolds('"v1"', found), true);
  assert.equal(rangeHolds('W/"v1"', found), false);
  assert.equal(rangeHolds('"v2"', found), false);
  assert.equal(rangeHolds(same, found), false);
});

test('dates are written as Date writes them, and read in all three forms', () => {
  for (const ms of [0, modified, Date.UTC(2024, 1, 29, 23, 59, 59, 999), Date.UTC(9999, 11, 31)]) {
    assert.equal(httpDate(ms), new Date(ms).toUTCString());
    assert.equal(isoDate(ms), `${new Date(ms).toISOString().slice(0, 19)}Z`);
  }
  const time = Date.UTC(1994, 10, 6, 8, 49, 37);
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), time);
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT'), time);
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994'), time);
});

test('a time that no date can say is cut to one', () => {
  assert.equal(httpDate(-1), httpDate(0));
  assert.equal(httpDate(Number.NaN), httpDate(0));
  assert.match(isoDate(1e18), /^9999-12-31T/);
});
