import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installation } from './hearth.ts';

test('a user is made, listed, limited, disabled and enabled', async (t) => {
  const { hearth, json } = await installation(t);
  const made = await json('user', 'add', 'Ada.L', '--email', 'ada@example.org', '--quota', '10GiB');
  assert.equal(made.login, 'ada.l');
  assert.equal(made.quota, 10 * 1024 ** 3);

  const [listed] = await json('user', 'list');
  assert.deepEqual([listed.login, listed.used, listed.status], ['ada.l', 0, 'enabled']);
  assert.match((await hearth('user', 'list')).stdout, /ada\.l\s+enabled\s+0 B\s+10\.0 GiB/);

  assert.equal((await json('user', 'quota', 'ada.l', '500MB')).quota, 500_000_000);
  assert.equal((await json('user', 'quota', 'ada.l', 'none')).quota, null);
  assert.match((await hearth('user', 'quota', 'ada.l')).stdout, /uses 0 B of no limit/);

  assert.equal((await json('user', 'disable', 'ada.l')).status, 'disabled');
  assert.equal((await json('user', 'enable', 'ada.l')).status, 'enabled');
});

test('a removed user can be had back until the grace period is over', async (t) => {
  const { hearth, json } = await installation(t);
  await json('user', 'add', 'ada.l');
  const removed = await json('user', 'remove', 'ada.l', '--grace', '7d');
  assert.equal(removed.status, 'disabled');
  assert.ok(removed.removeAfter > Date.now() + 6 * 86_400_000);
  const back = await json('user', 'enable', 'ada.l');
  assert.deepEqual([back.status, back.removeAfter], ['enabled', null]);
  assert.deepEqual(await json('user', 'remove', 'ada.l', '--now'), { login: 'ada.l', erased: true });
  assert.deepEqual(await json('user', 'list'), []);
  assert.match((await hearth('user', 'enable', 'ada.l')).stderr, /There is no user ada\.l/);
});

test('mistakes are answered with a sentence and an exit code', async (t) => {
  const { hearth, data } = await installation(t);
  const nowhere = await hearth('user', 'list');
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /There is no Hearth at .*hearth serve --data DIR/);
  await hearth('user', 'add', 'ada.l');
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['user', 'add', 'ada.l'], 1, /There is a user ada\.l already/],
    [['user', 'add', 'ad'], 2, /cannot be a login/],
    [['user', 'quota', 'ada.l', 'lots'], 2, /"lots" is no size/],
    [['user', 'quota', 'eve.x', '1GiB'], 1, /There is no user eve\.x; "hearth user list"/],
    [['user', 'list', '--catalog', 'oracle:x'], 2, /names no catalog that Hearth knows; it knows sqlite:…/],
    [['user', 'list', '--blobs', 'tape:x'], 2, /names no blob store that Hearth knows; it knows file:…/],
    [['user', 'list', '--config', `${data}/no.json`], 2, /cannot be read/],
    [['user', 'lsit'], 2, /unknown command 'lsit'[\s\S]*Did you mean list/],
    [['user', 'list', '--jsno'], 2, /unknown option/],
  ];
  for (const [args, code, message] of cases) {
    const ran = await hearth(...args);
    assert.match(ran.stderr, message);
    assert.equal(ran.code, code, args.join(' '));
    assert.doesNotMatch(ran.stderr, /\n\s+at /, 'a stack');
  }
});

test('help names every command with examples, and exit codes', async (t) => {
  const { hearth } = await installation(t);
  const top = await hearth('--help');
  assert.equal(top.code, 0);
  const commands = ['serve', 'user', 'token', 'import', 'trash', 'backup', 'restore', 'fsck', 'gc'];
  for (const command of commands) assert.match(top.stdout, new RegExp(`^ {2}${command} `, 'm'));
  assert.match(top.stdout, /Exit codes/);
  for (const command of ['serve', 'import', 'backup', 'restore', 'fsck', 'gc']) {
    const { stdout, code } = await hearth(command, '--help');
    assert.equal(code, 0);
    for (const option of ['--data', '--catalog', '--blobs', '--json', 'Example']) {
      assert.ok(stdout.includes(option), `${command} --help says nothing of ${option}`);
    }
  }
});
