import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyOf } from '../../lib/auth/any-of.ts';
import type { Authenticator } from '../../lib/core/contracts.ts';
import { type ErrorCode, StoreError } from '../../lib/core/error.ts';
import type { Principal } from '../../lib/core/values.ts';

const principal: Principal = {
  user: 'u',
  login: 'ada',
  admin: false,
  home: 'h',
  write: true,
  root: null,
  credential: 'c',
};
const knows: Authenticator = { authenticate: async () => principal };
const deaf: Authenticator = { authenticate: async () => undefined };
const says = (code: ErrorCode): Authenticator => ({
  authenticate: () => Promise.reject(new StoreError(code)),
});
const never: Authenticator = { authenticate: () => assert.fail('asked') };
const outcome = (...services: Authenticator[]) =>
  anyOf(services).authenticate({ kind: 'token', token: 't' }, 0);

test('the first service that knows a token decides, whatever those before it said', async () => {
  assert.equal(await outcome(says('unauthenticated'), says('unavailable'), deaf, knows, never), principal);
});

test('a token that nobody knows is refused, one of no known kind is left to the next', async () => {
  await assert.rejects(outcome(deaf, says('unauthenticated')), { code: 'unauthenticated' });
  assert.equal(await outcome(deaf, deaf), undefined);
});

test('while one service cannot be asked, nobody can tell that a token is bad', async () => {
  await assert.rejects(outcome(says('unauthenticated'), says('unavailable')), { code: 'unavailable' });
  await assert.rejects(outcome(says('unavailable'), says('unauthenticated')), { code: 'unavailable' });
});

test('whoever knows the token and denies it decides too', async () => {
  await assert.rejects(outcome(says('unauthenticated'), says('denied'), never), { code: 'denied' });
});
