import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { tokenNames } from '../../lib/auth/keyed-hash.ts';
import { failurePause, type VerdictCacheOptions, verdictCache } from '../../lib/auth/verdict-cache.ts';
import { StoreError } from '../../lib/core/error.ts';

const start = 1_700_000_000_000;
const down = new StoreError('unavailable');
const late = new StoreError('unavailable', { cause: new DOMException('', 'TimeoutError') });

/** A cache before a service that knows some secrets, can be down, and counts what it is asked. */
function fixture(options: Partial<VerdictCacheOptions> = {}) {
  const cache = verdictCache<string>({ fresh: 10_000, stale: 60_000, ...options });
  const state = { known: new Set(['good']), down: false, asked: 0 };
  const ask = async (secret: string) => {
    state.asked++;
    await new Promise(setImmediate);
    if (state.down) throw down;
    return state.known.has(secret) ? `user of ${secret}` : undefined;
  };
  const at = (secret: string, ms: number) => cache.verdict(secret, start + ms, () => ask(secret));
  return { cache, state, at };
}

test('a good answer counts for its seconds and not one millisecond more', async () => {
  const { state, at } = fixture();
  assert.deepEqual(await at('good', 0), { value: 'user of good', stale: false });
  await at('good', 9_999);
  assert.equal(state.asked, 1);
  await at('good', 10_000);
  assert.equal(state.asked, 2);
});

test('the end of a secret is noticed when its answer has aged', async () => {
  const { state, at } = fixture();
  await at('good', 0);
  state.known.clear();
  assert.ok(await at('good', 9_999));
  assert.equal(await at('good', 10_000), undefined);
});

test('a refusal counts for its seconds, and then a secret may be good', async () => {
  const { state, at } = fixture();
  assert.equal(await at('later', 0), undefined);
  state.known.add('later');
  assert.equal(await at('later', 4_999), undefined);
  assert.equal(state.asked, 1);
  assert.ok(await at('later', 5_000));
  assert.equal(state.asked, 2);
});

test('a hundred requests at once ask once', async () => {
  const { state, at } = fixture();
  const answers = await Promise.all(Array.from({ length: 100 }, () => at('good', 0)));
  assert.ok(answers.every((answer) => answer?.value === 'user of good'));
  assert.equal(state.asked, 1);
});

test('an earlier answer stands in while the other side is down, as stale and for a bounded time', async () => {
  const { state, at } = fixture();
  await at('good', 0);
  state.down = true;
  assert.deepEqual(await at('good', 10_000), { value: 'user of good', stale: true });
  assert.deepEqual(await at('good', 69_999), { value: 'user of good', stale: true });
  await assert.rejects(at('good', 70_000), { code: 'unavailable' });
  await assert.rejects(at('never seen', 20_000), { code: 'unavailable' });
});

test('without stale answers a failure is a failure', async () => {
  const { state, at } = fixture({ stale: 0 });
  await at('good', 0);
  state.down = true;
  await assert.rejects(at('good', 10_000), { code: 'unavailable' });
});

test('the other side is left alone for a moment after a failure, and asked again then', async () => {
  const { state, at } = fixture();
  await at('good', 0);
  state.down = true;
  await at('good', 10_000);
  for (let ms = 1; ms < failurePause; ms += 100) await at('good', 10_000 + ms);
  assert.equal(state.asked, 2);
  state.down = false;
  assert.deepEqual(await at('good', 10_000 + failurePause), { value: 'user of good', stale: false });
});

test('a failure that is not about reaching the other side is no reason for a stale answer', async () => {
  const { cache, at } = fixture();
  await at('good', 0);
  const broken = () => Promise.reject(new Error('a bug'));
  await assert.rejects(cache.verdict('good', start + 10_000, broken), /a bug/);
});

test('a clock that goes back makes no answer last longer', async () => {
  const { state, at } = fixture();
  await at('good', 100_000);
  await at('good', 0);
  assert.equal(state.asked, 2);
});

test('a flood of unknown secrets pushes out no good answer, and is kept within its bound', async () => {
  const { state, at } = fixture({ kept: 10 });
  await at('good', 0);
  for (let i = 0; i < 50; i++) assert.equal(await at(`bad ${i}`, 1), undefined);
  await at('good', 2);
  assert.equal(state.asked, 51);
  await at('bad 0', 3);
  await at('bad 49', 3);
  assert.equal(state.asked, 52, 'the newest refusals are remembered, the oldest are not');
});

test('of good answers the least recently used goes first', async () => {
  const { state, at } = fixture({ kept: 2 });
  for (const secret of ['a', 'b', 'c']) state.known.add(secret);
  await at('a', 0);
  await at('b', 1);
  await at('a', 2);
  await at('c', 3);
  assert.equal(state.asked, 3);
  await at('a', 4);
  assert.equal(state.asked, 3);
  await at('b', 5);
  assert.equal(state.asked, 4);
});

test('unknown secrets may take half of the questions under way, so that known ones get through', async () => {
  const { state, at } = fixture({ flights: 8 });
  await at('good', 0);
  const flood = await Promise.allSettled([
    ...Array.from({ length: 20 }, (_, i) => at(`bad ${i}`, 10_000)),
    at('good', 10_000),
  ]);
  assert.equal(flood.filter(({ status }) => status === 'rejected').length, 16);
  assert.equal(flood.at(-1)?.status, 'fulfilled');
  assert.equal(state.asked, 6);
  assert.equal(await at('bad 19', 10_001), undefined, 'and they are asked about when there is room');
});

test('a refusal with a reason is told once, and counts as any', async () => {
  const { cache, state, at } = fixture();
  await at('good', 0);
  const reason = () => Promise.reject(new StoreError('unauthenticated', { message: 'for somebody else' }));
  await assert.rejects(cache.verdict('good', start + 10_000, reason), /for somebody else/);
  assert.equal(await at('good', 14_999), undefined);
  assert.equal(state.asked, 1);
  assert.ok(await at('good', 15_000));
});

test('where no answer came in time, secrets never seen to be good do not wait for another, known ones do', async () => {
  const { cache, state, at } = fixture();
  await at('good', 0);
  const silent = () => Promise.reject(late);
  await assert.rejects(cache.verdict('bad', start + 10_000, silent), late);
  const last = 10_000 + failurePause - 1;
  for (const ms of [10_001, last]) await assert.rejects(at('other', ms), late);
  assert.equal(state.asked, 1);
  assert.deepEqual(await at('good', last), { value: 'user of good', stale: false });
  assert.equal(await at('other', last + 1), undefined);
});

test('a failure that came at once keeps nobody else from asking: somebody may have made it', async () => {
  const { cache, at } = fixture();
  await assert.rejects(
    cache.verdict('bad', start, () => Promise.reject(down)),
    down,
  );
  assert.ok(await at('good', 1));
});

test('failures are told once in ten seconds', async () => {
  const errors: unknown[] = [];
  const { state, at } = fixture({ onError: (error) => errors.push(error) });
  state.down = true;
  for (const ms of [0, 1, 9_999, 10_000]) await assert.rejects(at('good', ms), down);
  assert.deepEqual(errors, [down, down]);
});

test('the name of a secret does not give it away, and another installation has another', () => {
  const [names, others] = [1, 2].map(() => tokenNames(createSecretKey(randomBytes(32))));
  assert.match(names?.('good') ?? '', /^[\w-]{43}$/);
  assert.notEqual(names?.('good'), others?.('good'));
  assert.notEqual(names?.('bad'), names?.('good'));
  assert.equal(names?.('good'), names?.('good'));
});
