import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, house } from '../support/workspace.ts';

test('who can only be remembered reads, and every change is told to try again and changes nothing', async (t) => {
  const home = await house();
  t.after(home.close);
  const ada = await home.user('ada');
  const sure = home.open(ada);
  await sure.write(at('/home/a'), Buffer.from('one'));
  const { lock: held } = await sure.lock(at('/home/a'), lock);
  const stale = home.open(ada, { stale: true });
  assert.equal((await stale.stat(at('/home/a'))).size, 3);
  assert.deepEqual((await stale.locks(at('/home/a')))[0]?.path, held.path);
  const tokens = [held.token];
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    check: () => stale.check(at('/home/a'), { tokens }),
    write: () => stale.write(at('/home/a'), Buffer.from('two'), { tokens }),
    patch: () => stale.patch(at('/home/a'), 0, Buffer.from('two'), { tokens }),
    truncate: () => stale.truncate(at('/home/a'), 1, { tokens }),
    mkdir: () => stale.mkdir(at('/home/b')),
    move: () => stale.move(at('/home/a'), at('/home/c'), { tokens }),
    copy: () => stale.copy(at('/home/a'), at('/home/c')),
    remove: () => stale.remove(at('/home/a'), { tokens }),
    annotate: () => stale.annotate(at('/home/a'), { mime: 'text/plain' }, { tokens }),
    lock: () => stale.lock(at('/home/d'), lock),
  };
  for (const [name, change] of Object.entries(changes)) {
    await assert.rejects(change(), { code: 'unavailable' }, name);
  }
  assert.equal((await sure.stat(at('/home/a'))).size, 3);
  assert.equal((await sure.locks(at('/home/a'))).length, 1);
});

const lock = { depth: 0, scope: 'exclusive', owner: '', timeout: 60_000 } as const;
