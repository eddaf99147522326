import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appPasswords, mintAppPassword } from '../../lib/auth/app-password.ts';
import { formatToken, newTokenText, parseToken } from '../../lib/auth/token-text.ts';
import { ada } from './memory-accounts.ts';
import { grant, minute, now, ownCredentials } from './own-credentials.ts';

const spent = { code: 'unauthenticated', message: /The ticket is not valid/ };

test('a ticket is good once', async () => {
  const { tickets, accounts } = ownCredentials();
  const root = '5f00000000000000000000aa';
  const { text, record } = await tickets.issue({ ...grant, write: false, root }, now);
  assert.equal(record.expires, now + minute);
  const { token, user } = await tickets.redeem(text, now + minute - 1);
  assert.deepEqual([user.id, token.write, token.root, token.name], [ada.id, false, root, 'notebook']);
  await assert.rejects(tickets.redeem(text, now), spent);
  assert.equal(await accounts.token(record.id), undefined);
});

test('of many who redeem a ticket at once exactly one gets it', async () => {
  const { tickets } = ownCredentials();
  const { text } = await tickets.issue(grant, now);
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => tickets.redeem(text, now)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a ticket ends by its time, and with its user', async () => {
  const { tickets, change } = ownCredentials();
  const { text } = await tickets.issue(grant, now);
  await assert.rejects(tickets.redeem(text, now + minute), spent);
  change({ status: 'disabled' });
  await assert.rejects(tickets.redeem(text, now), spent);
  change({ status: 'enabled' });
  await tickets.redeem(text, now);
});

test('a wrong secret, an unknown id, a password and what is no token get one answer, and burn nothing', async () => {
  const { tickets, accounts, key } = ownCredentials();
  const { text, record } = await tickets.issue(grant, now);
  const password = mintAppPassword(key, { user: ada.id, name: 'p', write: true }, now);
  await accounts.createToken(password.record);
  const wrong = [
    formatToken({ ...newTokenText(), id: record.id }),
    formatToken(newTokenText()),
    password.text,
    'nonsense',
    '',
  ];
  for (const one of wrong) await assert.rejects(tickets.redeem(one, now), spent);
  await tickets.redeem(text, now);
  assert.ok(await accounts.token(password.record.id));
});

test('a ticket is no password, and the secret of a ticket is kept by nobody', async () => {
  const { tickets, accounts, key } = ownCredentials();
  const { text, record } = await tickets.issue(grant, now);
  const passwords = appPasswords({ accounts, key });
  await assert.rejects(passwords.authenticate({ kind: 'token', token: text }, now), {
    code: 'unauthenticated',
  });
  const kept = Buffer.from(record.hash).toString('latin1') + JSON.stringify({ ...record, hash: '' });
  assert.ok(!kept.includes(parseToken(text)?.secret ?? '-'));
});
