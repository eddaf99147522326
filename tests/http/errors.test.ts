import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { isStoreError, StoreError } from '../../lib/core/error.ts';
import { errorReply, HttpError, statusOf } from '../../lib/http/errors.ts';
import { accessLog, loggable } from '../../lib/http/log.ts';
import { httpMetrics } from '../../lib/http/metrics.ts';
import { forwardedHosts, proxyTrust } from '../../lib/http/proxies.ts';
import { type Timers, watchdog } from '../../lib/http/watchdog.ts';

test('a failure is told in a sentence, with the status of its code', () => {
  const reply = errorReply(new StoreError('not-found', { message: 'No such file.' }), 'r1');
  assert.equal(reply.status, statusOf['not-found']);
  assert.equal(reply.body, 'No such file.\n');
});

test('what happened inside stays inside, but for the id of the request', () => {
  const secret = 'SELECT * FROM secrets';
  for (const error of [
    new Error(secret),
    new StoreError('internal', { message: secret }),
    secret,
    undefined,
  ]) {
    const { status, body } = errorReply(error, 'r1');
    assert.equal(status, 500);
    assert.match(String(body), /r1/);
    assert.doesNotMatch(String(body), /SELECT/);
  }
});

test('401 challenges, 503 says when to come back, 507 names its condition', () => {
  assert.ok(Array.isArray(errorReply(new StoreError('unauthenticated'), '').headers?.['WWW-Authenticate']));
  assert.equal(errorReply(new StoreError('unavailable'), '').headers?.['Retry-After'], 10);
  assert.match(String(errorReply(new StoreError('no-space'), '').body), /<D:quota-not-exceeded\/>/);
});

test('a door may know the status better', () => {
  assert.equal(errorReply(new HttpError(408, 'aborted', 'slow'), '').status, 408);
});

test('a connection that went away is no failure of the server', () => {
  assert.equal(errorReply(Object.assign(new Error('x'), { code: 'ECONNRESET' }), '').status, 499);
});

test('the log has no query, no credential and no lock token', () => {
  const lines: string[] = [];
  const log = accessLog(pino({}, { write: (line: string) => void lines.push(line) }));
  log({ id: 'r', method: 'GET', url: '/a?token=hush', status: 200, ms: 1.23456, bytes: 3 });
  assert.match(lines[0] ?? '', /"path":"\/a"/);
  assert.doesNotMatch(lines.join(''), /hush/);
  const headers = loggable({
    authorization: 'Bearer hush',
    'girder-token': 'hush',
    'girder-authorization': 'hush',
    'x-forwarded-access-token': 'hush',
    'x-api-key': 'hush',
    'lock-token': '<hush>',
    cookie: 'girderToken=hush',
    referer: 'http://x/y?signature=hush',
    'x-original-uri': '/y?signature=hush',
    if: '(<hush>)',
    destination: 'http://x/y?token=hush',
    depth: '1',
  });
  assert.doesNotMatch(JSON.stringify(headers), /hush/);
  assert.equal(headers.depth, '1');
});

test('requests are counted by method and status, with one label for methods nobody knows', async () => {
  const register = new Registry();
  const metrics = httpMetrics(register);
  metrics.observe('GET', 200, 0.001);
  metrics.observe('GET', 200, 0.001);
  metrics.observe('EVIL-1', 405, 0.001);
  metrics.observe('EVIL-2', 405, 0.001);
  const text = await register.metrics();
  assert.match(text, /hearth_http_requests_total\{method="GET",status="200"\} 2/);
  assert.match(text, /hearth_http_requests_total\{method="other",status="405"\} 2/);
  assert.match(text, /hearth_http_request_duration_seconds_count\{method="GET"\} 2/);
  assert.doesNotMatch(text, /EVIL/);
});

test('only configured proxies are trusted, alone or by network', () => {
  const trusts = proxyTrust(['10.0.0.0/8', '::1', '192.0.2.7']);
  assert.equal(trusts('10.200.3.4'), true);
  assert.equal(trusts('::ffff:10.1.1.1'), true);
  assert.equal(trusts('::1'), true);
  assert.equal(trusts('192.0.2.7'), true);
  assert.equal(trusts('192.0.2.8'), false);
  assert.equal(trusts(undefined), false);
  assert.equal(proxyTrust([])('127.0.0.1'), false);
  for (const bad of ['proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x']) {
    assert.throws(
      () => proxyTrust([bad]),
      (error) => isStoreError(error, 'invalid'),
      bad,
    );
  }
});

test('forwarded hosts are read from both headers', () => {
  const headers = { forwarded: 'for=1.2.3.4;host="a.example:8443";proto=https, host=b.example' };
  assert.deepEqual(forwardedHosts(headers), ['a.example:8443', 'b.example']);
  assert.deepEqual(forwardedHosts({ 'x-forwarded-host': 'c.example, d.example' }), [
    'c.example',
    'd.example',
  ]);
});

test('the watchdog barks for the other side alone, and only when it stands still', () => {
  let ring = () => {};
  const timers: Timers = {
    set(_, bell) {
      ring = bell;
      return { refresh: () => {}, cancel: () => {} };
    },
  };
  let barks = 0;
  const dog = watchdog(60_000, timers, () => {
    barks += 1;
  });
  dog.waiting();
  dog.moved();
  ring();
  assert.equal(barks, 0, 'time that we take ourselves does not count');
  dog.waiting();
  ring();
  assert.equal(barks, 1);
  dog.stop();
  ring();
  assert.equal(barks, 1);
});
