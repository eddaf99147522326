import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { basic, installation } from './hearth.ts';

/** A folder as a researcher may have it. */
async function research(folder: string): Promise<string> {
  const source = join(folder, 'research');
  await mkdir(join(source, 'paper', 'figures'), { recursive: true });
  await writeFile(join(source, 'run.sh'), '#!/bin/sh\necho 42\n');
  await chmod(join(source, 'run.sh'), 0o755);
  await writeFile(join(source, 'paper', 'draft.tex'), '\\begin{document}');
  await utimes(join(source, 'paper', 'draft.tex'), 1_500_000_000, 1_500_000_000);
  await writeFile(join(source, 'paper', 'figures', 'big.bin'), Buffer.alloc(3_000_000, 7));
  await writeFile(join(source, 'empty'), '');
  await writeFile(join(source, 'Zoë ☃.txt'), 'name');
  await symlink('/etc/passwd', join(source, 'link'));
  return source;
}

test('a folder is imported whole, and a second run skips what is there', async (t) => {
  const { folder, json } = await installation(t);
  const source = await research(folder);
  await json('user', 'add', 'ada.l');
  const first = await json('import', source, '--user', 'ada.l', '--to', '/old/research');
  assert.deepEqual([first.written, first.skipped, first.folders, first.problems], [6, 0, 4, []]);
  const second = await json('import', source, '--user', 'ada.l', '--to', '/old/research');
  assert.deepEqual([second.written, second.skipped, second.folders], [0, 6, 0]);
  assert.equal((await json('fsck', '--deep')).clean, true);
});

test('times and executable bits are kept, links are kept and never followed', async (t) => {
  const { folder, json, serve } = await installation(t);
  const source = await research(folder);
  await json('user', 'add', 'ada.l');
  await json('import', source, '--user', 'ada.l');
  const { token } = await json('token', 'create', 'ada.l');
  const { url } = await serve();
  const headers = basic('ada.l', token);
  const home = `${url}/homes/ada.l`;
  const draft = await fetch(`${home}/paper/draft.tex`, { headers });
  assert.equal(draft.headers.get('last-modified'), new Date(1_500_000_000_000).toUTCString());
  const big = Buffer.from(await (await fetch(`${home}/paper/figures/big.bin`, { headers })).arrayBuffer());
  assert.ok(big.equals(Buffer.alloc(3_000_000, 7)));
  const link = await fetch(`${home}/link`, { headers });
  assert.equal(await link.text(), '/etc/passwd');
  const body =
    '<propfind xmlns="DAV:"><prop><executable xmlns="http://apache.org/dav/props/"/></prop></propfind>';
  const found = await fetch(`${home}/run.sh`, {
    method: 'PROPFIND',
    headers: { ...headers, depth: '0' },
    body,
  });
  assert.match(await found.text(), />T</);
});

test('what differs in the home is kept and reported, and replaced when asked', async (t) => {
  const { folder, json, hearth } = await installation(t);
  const source = await research(folder);
  await json('user', 'add', 'ada.l');
  await json('import', source, '--user', 'ada.l');
  await writeFile(join(source, 'empty'), 'no longer');
  const kept = await hearth('import', source, '--user', 'ada.l');
  assert.equal(kept.code, 1);
  assert.match(kept.stderr, /empty: differs from the file in the home, which was kept; --replace/);
  const dry = await json('import', source, '--user', 'ada.l', '--replace', '--dry-run');
  assert.deepEqual([dry.written, dry.skipped], [1, 5]);
  const replaced = await json('import', source, '--user', 'ada.l', '--replace');
  assert.deepEqual([replaced.written, replaced.skipped], [1, 5]);
});

test('a file of the same bytes and another time is not written again, and gets the time', async (t) => {
  const { folder, json } = await installation(t);
  const source = await research(folder);
  await json('user', 'add', 'ada.l');
  await json('import', source, '--user', 'ada.l');
  await utimes(join(source, 'run.sh'), 1_600_000_000, 1_600_000_000);
  assert.equal((await json('import', source, '--user', 'ada.l')).written, 0);
  assert.equal((await json('import', source, '--user', 'ada.l')).skipped, 6);
});

test('names that are no UTF-8, and names that differ in Unicode form alone, are reported', async (t) => {
  const { folder, hearth } = await installation(t);
  const source = join(folder, 'odd');
  await mkdir(source);
  await writeFile(Buffer.concat([Buffer.from(join(source, 'bad-')), Buffer.from([0xff])]), 'x');
  await writeFile(join(source, 'Zo\u00eb'), 'nfc');
  await writeFile(join(source, 'Zoe\u0308'), 'nfd');
  await writeFile(join(source, 'good'), 'x');
  await hearth('user', 'add', 'ada.l');
  const ran = await hearth('import', source, '--user', 'ada.l');
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /is not UTF-8/);
  assert.match(ran.stderr, /but for its Unicode form/);
  assert.match(ran.stdout, /^2 files written/);
});

test('an import that the quota stops leaves whole files, and goes on when there is room', async (t) => {
  const { folder, json, hearth } = await installation(t);
  const source = await research(folder);
  await json('user', 'add', 'ada.l', '--quota', '1MB');
  const stopped = await hearth('import', source, '--user', 'ada.l');
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /quota/);
  assert.equal((await json('fsck', '--deep')).clean, true);
  await json('user', 'quota', 'ada.l', 'none');
  const rest = await json('import', source, '--user', 'ada.l');
  assert.equal(rest.written + rest.skipped, 6);
});

test('a folder or a user that is not there is named', async (t) => {
  const { folder, hearth } = await installation(t);
  await hearth('user', 'add', 'ada.l');
  const none = await hearth('import', join(folder, 'nowhere'), '--user', 'ada.l');
  assert.match(none.stderr, /nowhere cannot be read/);
  assert.equal((await hearth('import', folder)).code, 2);
});
