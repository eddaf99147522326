import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseToken } from '../../lib/auth/token-text.ts';
import { installation } from './hearth.ts';

test('a token is printed alone, once, and listed without its secret', async (t) => {
  const { hearth, json, data } = await installation(t);
  await json('user', 'add', 'ada.l');
  const made = await hearth('token', 'create', 'ada.l', '--name', 'laptop', '--expires', '30d');
  assert.equal(made.stderr, '');
  const token = parseToken(made.stdout.trimEnd());
  assert.ok(token);
  const listed = await hearth('token', 'list', 'ada.l');
  assert.match(listed.stdout, new RegExp(`${token.id}\\s+ada\\.l\\s+password\\s+laptop\\s+write`));
  assert.ok(!listed.stdout.includes(token.secret));
  const [one] = await json('token', 'list');
  assert.ok(Math.abs(one.expires - Date.now() - 30 * 86_400_000) < 60_000);
  const stored = await readFile(join(data, 'catalog.sqlite'), 'latin1');
  assert.ok(!stored.includes(token.secret), 'the catalog keeps the secret');
});

test('a token ends when it is revoked, by its id', async (t) => {
  const { hearth, json } = await installation(t);
  await json('user', 'add', 'ada.l');
  const { id } = await json('token', 'create', 'ada.l');
  assert.deepEqual(await json('token', 'revoke', id), { revoked: 1, missing: [] });
  assert.deepEqual(await json('token', 'list'), []);
  const again = await hearth('token', 'revoke', id);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /No token has the id/);
});

test('a token for a folder that is not there, or of no known scope, is refused', async (t) => {
  const { hearth } = await installation(t);
  await hearth('user', 'add', 'ada.l');
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['--path', '/papers'], 1, /\/papers is not there in the home of ada\.l/],
    [['--path', '/../x'], 2, /cannot be a name/],
    [['--expires', 'soon'], 2, /"soon" is no duration/],
    [['--scope', 'all'], 2, /Allowed choices are read, write/],
  ];
  for (const [args, code, message] of cases) {
    const ran = await hearth('token', 'create', 'ada.l', ...args);
    assert.match(ran.stderr, message);
    assert.deepEqual([ran.code, ran.stdout], [code, '']);
  }
});

test('a ticket is printed alone, and listed as what it is until it ends', async (t) => {
  const { hearth, json } = await installation(t);
  await json('user', 'add', 'ada.l');
  const made = await hearth('token', 'ticket', 'ada.l', '--scope', 'read', '--name', 'note\u001b[31mbook');
  assert.deepEqual([made.code, made.stderr], [0, '']);
  const ticket = parseToken(made.stdout.trimEnd());
  assert.ok(ticket);
  const [one] = await json('token', 'list', 'ada.l');
  assert.deepEqual([one.id, one.kind, one.scope], [ticket.id, 'ticket', 'read']);
  assert.ok(Math.abs(one.expires - one.created - 60_000) < 1000);
  const listed = await hearth('token', 'list');
  assert.match(listed.stdout, /ticket +note\ufffd\[31mbook +read/);
  const missing = await hearth('token', 'ticket', 'ada.l', '--path', '/papers');
  assert.deepEqual([missing.code, missing.stdout], [1, '']);
});

test('the signing key is changed by hand, beside those before', async (t) => {
  const { hearth, json } = await installation(t);
  await json('user', 'add', 'ada.l');
  const { from } = await json('token', 'rotate-keys');
  assert.ok(from > Date.now());
  assert.match((await hearth('token', 'rotate-keys')).stdout, /Another key signs from /);
});
