import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Workspace } from '../../lib/core/contracts.ts';
import { type ErrorCode, isStoreError } from '../../lib/core/error.ts';
import { at, bytes, type HandClock, pieces } from '../support/workspace.ts';

export interface WorkspaceBench {
  readonly workspace: Workspace;
  /** The same home, by a credential that may only read. */
  readonly reader: Workspace;
  /** The same home, limited to an entry. */
  limited(root: string): Promise<Workspace>;
  /** Another user's workspace. */
  readonly stranger: Workspace;
  /** A workspace of its own with this quota, in bytes. */
  withQuota(quota: number): Promise<Workspace>;
  readonly clock: HandClock;
  close(): Promise<void>;
}

const fails = (code: ErrorCode) => (error: unknown) => isStoreError(error, code);
const text = async (workspace: Workspace, path: string) =>
  (await bytes((await workspace.read(at(path))).body)).toString();
const put = (workspace: Workspace, path: string, content: string, options = {}) =>
  workspace.write(at(path), Buffer.from(content), options);

async function names(workspace: Workspace, path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const page of workspace.list(at(path))) found.push(...page.map((entry) => entry.name));
  return found;
}

/** The Workspace contract; the local one and the one over the network pass the same. */
export function workspaceSuite(name: string, make: () => Promise<WorkspaceBench>): void {
  describe(`Workspace: ${name}`, () => {
    let bench: WorkspaceBench;
    let ws: Workspace;
    before(async () => {
      bench = await make();
      ws = bench.workspace;
    });
    after(async () => bench?.close());

    describe('reading', () => {
      it('the root holds the home', async () => {
        assert.deepEqual(await names(ws, '/'), ['home']);
        assert.equal((await ws.stat(at('/'))).kind, 'folder');
        assert.equal((await ws.stat(at('/home'))).kind, 'folder');
      });
      it('a name that is not there is not-found, wherever it would be', async () => {
        for (const path of ['/home/none', '/home/none/deeper', '/other', '/other/x']) {
          await assert.rejects(ws.stat(at(path)), fails('not-found'), path);
        }
      });
      it('a range is what it says, and one outside is invalid', async () => {
        await put(ws, '/home/range', '0123456789');
        const { body } = await ws.read(at('/home/range'), { offset: 2, length: 3 });
        assert.equal((await bytes(body)).toString(), '234');
        assert.equal((await bytes((await ws.read(at('/home/range'), { offset: 8 })).body)).toString(), '89');
        await assert.rejects(ws.read(at('/home/range'), { offset: 8, length: 5 }), fails('invalid'));
      });
      it('reading a folder is is-folder, listing a file is not-folder', async () => {
        await assert.rejects(ws.read(at('/home')), fails('is-folder'));
        await put(ws, '/home/plain', 'x');
        await assert.rejects(names(ws, '/home/plain'), fails('not-folder'));
        await assert.rejects(ws.stat(at('/home/plain/below')), fails('not-found'));
      });
      it('a listing is in order of the names’ bytes and goes on after a name', async () => {
        await ws.mkdir(at('/home/order'));
        const unordered = ['b', 'a', 'Z', 'é', 'a b', '0', '😀', '\uFFFD'];
        for (const one of unordered) await put(ws, `/home/order/${one}`, one);
        const ordered = [...unordered].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        assert.deepEqual(await names(ws, '/home/order'), ordered);
        const rest: string[] = [];
        for await (const page of ws.list(at('/home/order'), 'a'))
          rest.push(...page.map((entry) => entry.name));
        assert.deepEqual(rest, ordered.slice(ordered.indexOf('a') + 1));
      });
    });

    describe('writing', () => {
      it('what was written is read, small and large, and the version says which bytes', async () => {
        for (const size of [0, 1, 65_536, 65_537, 300_000]) {
          const body = randomBytes(size);
          const { entry, created } = await ws.write(at(`/home/size-${size}`), body);
          assert.equal(created, true);
          assert.equal(entry.size, size);
          assert.deepEqual(await bytes((await ws.read(at(`/home/size-${size}`))).body), body);
          assert.equal((await ws.stat(at(`/home/size-${size}`))).version, entry.version);
        }
      });
      it('a second write replaces, keeps the id and changes the version', async () => {
        const first = await put(ws, '/home/again', 'one');
        const second = await put(ws, '/home/again', 'two');
        assert.equal(second.created, false);
        assert.equal(second.entry.id, first.entry.id);
        assert.notEqual(second.entry.version, first.entry.version);
        assert.equal(await text(ws, '/home/again'), 'two');
      });
      it('expectations are kept: absent, present, a version', async () => {
        await assert.rejects(put(ws, '/home/guarded', 'x', { expect: 'present' }), fails('stale'));
        const { entry } = await put(ws, '/home/guarded', 'x', { expect: 'absent' });
        await assert.rejects(put(ws, '/home/guarded', 'y', { expect: 'absent' }), fails('stale'));
        await assert.rejects(put(ws, '/home/guarded', 'y', { expect: 'bogus' }), fails('stale'));
        await put(ws, '/home/guarded', 'y', { expect: entry.version });
        assert.equal(await text(ws, '/home/guarded'), 'y');
      });
      it('of many that expect the same version exactly one wins', async () => {
        const { entry } = await put(ws, '/home/race', 'start');
        const tries = Array.from({ length: 8 }, (_, n) =>
          put(ws, '/home/race', `${n}`, { expect: entry.version }),
        );
        const results = await Promise.allSettled(tries);
        assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
      });
      it('a body that breaks off leaves the old file', async () => {
        await put(ws, '/home/kept', 'old');
        const broken = async function* () {
          yield randomBytes(100_000);
          throw new Error('gone');
        };
        await assert.rejects(ws.write(at('/home/kept'), broken()));
        await assert.rejects(ws.write(at('/home/kept'), pieces('short'), { size: 6 }), fails('invalid'));
        await assert.rejects(ws.write(at('/home/kept'), pieces('long', 'er'), { size: 5 }), fails('invalid'));
        await assert.rejects(
          ws.write(at('/home/kept'), pieces(randomBytes(99_999)), { size: 100_000 }),
          fails('invalid'),
        );
        assert.equal(await text(ws, '/home/kept'), 'old');
      });
      it('a wrong checksum leaves the old file, a right one is kept with the new', async () => {
        const body = randomBytes(70_000);
        for (const content of [body, Buffer.from('small')]) {
          const sha1 = createHash('sha1').update(content).digest('hex');
          await put(ws, '/home/summed', 'old');
          await assert.rejects(
            ws.write(at('/home/summed'), content, { checksums: { sha1: '0'.repeat(40) } }),
            fails('invalid'),
          );
          assert.equal(await text(ws, '/home/summed'), 'old');
          const { entry } = await ws.write(at('/home/summed'), pieces(content), { checksums: { sha1 } });
          assert.equal(entry.checksums?.sha1, sha1);
        }
      });
      it('a missing parent is not-found, a file as parent not-folder, a folder as target is-folder', async () => {
        await put(ws, '/home/file', 'x');
        await ws.mkdir(at('/home/folder'));
        await assert.rejects(put(ws, '/home/nowhere/x', 'x'), fails('not-found'));
        await assert.rejects(put(ws, '/home/file/x', 'x'), fails('not-folder'));
        await assert.rejects(put(ws, '/home/folder', 'x'), fails('is-folder'));
        await assert.rejects(ws.mkdir(at('/home/folder')), fails('exists'));
        await assert.rejects(ws.mkdir(at('/home/file')), fails('exists'));
        await assert.rejects(ws.mkdir(at('/home/nowhere/x')), fails('not-found'));
      });
      it('an address may start at a folder’s id and outlives a rename above it', async () => {
        await ws.mkdir(at('/home/above'));
        const inner = await ws.mkdir(at('/home/above/inner'));
        await ws.move(at('/home/above'), at('/home/renamed'));
        await ws.write(at('/x', inner.id), Buffer.from('by id'));
        assert.equal(await text(ws, '/home/renamed/inner/x'), 'by id');
      });
      it('patches: overwrite, append, beyond the end, truncate', async () => {
        await put(ws, '/home/patched', '0123456789');
        await ws.patch(at('/home/patched'), 2, Buffer.from('ab'));
        await ws.patch(at('/home/patched'), 'append', Buffer.from('!'));
        assert.equal(await text(ws, '/home/patched'), '01ab456789!');
        await ws.truncate(at('/home/patched'), 4);
        await ws.patch(at('/home/patched'), 6, Buffer.from('z'));
        assert.equal(await text(ws, '/home/patched'), '01ab\0\0z');
        const { body } = await ws.read(at('/home/patched'), { offset: 3, length: 3 });
        assert.equal((await bytes(body)).toString(), 'b\0\0');
      });
      it('new names are stored in NFC and found in either spelling', async () => {
        await put(ws, '/home/Cafe\u0301', 'x');
        assert.ok((await names(ws, '/home')).includes('Caf\u00e9'));
        assert.equal(await text(ws, '/home/Cafe\u0301'), 'x');
        const again = await put(ws, '/home/Caf\u00e9', 'y');
        assert.equal(again.created, false);
      });
    });

    describe('rearranging', () => {
      it('a move keeps ids and content, a copy makes new ones', async () => {
        await ws.mkdir(at('/home/tree'));
        await ws.mkdir(at('/home/tree/sub'));
        const { entry } = await put(ws, '/home/tree/sub/leaf', 'leaf');
        const moved = await ws.move(at('/home/tree'), at('/home/tree2'));
        assert.equal(moved.created, true);
        assert.equal((await ws.stat(at('/home/tree2/sub/leaf'))).id, entry.id);
        await ws.copy(at('/home/tree2'), at('/home/tree3'));
        const copied = await ws.stat(at('/home/tree3/sub/leaf'));
        assert.notEqual(copied.id, entry.id);
        assert.equal(await text(ws, '/home/tree3/sub/leaf'), 'leaf');
        await put(ws, '/home/tree3/sub/leaf', 'changed');
        assert.equal(await text(ws, '/home/tree2/sub/leaf'), 'leaf');
      });
      it('onto something there replaces it whole, unless absence is expected', async () => {
        await ws.mkdir(at('/home/src'));
        await put(ws, '/home/src/new', 'new');
        await ws.mkdir(at('/home/dst'));
        await put(ws, '/home/dst/old', 'old');
        await assert.rejects(ws.copy(at('/home/src'), at('/home/dst'), { expect: 'absent' }), fails('stale'));
        const copied = await ws.copy(at('/home/src'), at('/home/dst'));
        assert.equal(copied.created, false);
        assert.deepEqual(await names(ws, '/home/dst'), ['new']);
        await put(ws, '/home/onto', 'file');
        assert.equal((await ws.move(at('/home/src'), at('/home/onto'))).created, false);
        assert.deepEqual(await names(ws, '/home/onto'), ['new']);
      });
      it('onto or below itself is invalid, into nothing not-found', async () => {
        await ws.mkdir(at('/home/self'));
        await ws.mkdir(at('/home/self/sub'));
        for (const change of [ws.move, ws.copy]) {
          await assert.rejects(change(at('/home/self'), at('/home/self')), fails('invalid'));
          await assert.rejects(change(at('/home/self'), at('/home/self/sub/x')), fails('invalid'));
          await assert.rejects(change(at('/home/self'), at('/home/absent/x')), fails('not-found'));
          await assert.rejects(change(at('/home/absent'), at('/home/x')), fails('not-found'));
        }
      });
      it('an expectation of the source is kept apart from that of the destination', async () => {
        const { entry } = await put(ws, '/home/expected', 'x');
        for (const change of [ws.move, ws.copy]) {
          const guard = { source: 'bogus', expect: 'absent' };
          await assert.rejects(change(at('/home/expected'), at('/home/expected2'), guard), fails('stale'));
        }
        await ws.move(at('/home/expected'), at('/home/expected2'), {
          source: entry.version,
          expect: 'absent',
        });
      });
      it('a folder’s time is that of its last member to come or go', async () => {
        await ws.mkdir(at('/home/dated'));
        const time = async () => (await ws.stat(at('/home/dated'))).modified;
        let last = await time();
        const steps = [
          () => put(ws, '/home/dated/x', 'x'),
          () => ws.move(at('/home/dated/x'), at('/home/dated/y')),
          () => ws.copy(at('/home/dated/y'), at('/home/dated/z')),
          () => ws.remove(at('/home/dated/z')),
          () => ws.mkdir(at('/home/dated/w')),
        ];
        for (const step of steps) {
          bench.clock.now += 1000;
          await step();
          assert.equal(await time(), last + 1000);
          last += 1000;
        }
        bench.clock.now += 1000;
        await put(ws, '/home/dated/y', 'other content');
        assert.equal(await time(), last);
      });
      it('a shallow copy of a folder has no members', async () => {
        await ws.mkdir(at('/home/shallow'));
        await put(ws, '/home/shallow/x', 'x');
        await ws.annotate(at('/home/shallow'), { set: { '{urn:x}p': '<p xmlns="urn:x">1</p>' } });
        await ws.copy(at('/home/shallow'), at('/home/shallow2'), { shallow: true });
        assert.deepEqual(await names(ws, '/home/shallow2'), []);
        assert.ok((await ws.stat(at('/home/shallow2'))).props?.['{urn:x}p']);
      });
      it('the home itself cannot be removed, moved or replaced', async () => {
        await put(ws, '/home/some', 'x');
        await assert.rejects(ws.remove(at('/home')), fails('denied'));
        await assert.rejects(ws.move(at('/home'), at('/home/x')), fails('denied'));
        await assert.rejects(ws.copy(at('/home/some'), at('/home')), fails('denied'));
        await assert.rejects(ws.remove(at('/')), fails('denied'));
      });
      it('what was removed is gone at once, whole, and can be restored', async () => {
        await ws.mkdir(at('/home/gone'));
        const { entry } = await put(ws, '/home/gone/file', 'precious');
        await ws.remove(at('/home/gone'));
        await assert.rejects(ws.stat(at('/home/gone/file')), fails('not-found'));
        await assert.rejects(ws.stat(at('/', entry.id)), fails('not-found'));
        const record = (await ws.trash()).find((one) => one.name === 'gone');
        assert.ok(record);
        await ws.restore(record.entry.id);
        assert.equal(await text(ws, '/home/gone/file'), 'precious');
      });
    });

    describe('properties and versions', () => {
      it('properties and attributes are set and removed in one step and follow moves and copies', async () => {
        await put(ws, '/home/noted', 'x');
        const set = { '{urn:a}one': '<one xmlns="urn:a">1</one>', '{urn:a}two': '<two xmlns="urn:a"/>' };
        await ws.annotate(at('/home/noted'), { set, modified: 12_345_000, mode: 0o755 });
        await ws.annotate(at('/home/noted'), { remove: ['{urn:a}two', '{urn:a}never'] });
        await ws.move(at('/home/noted'), at('/home/noted2'));
        await ws.copy(at('/home/noted2'), at('/home/noted3'));
        for (const path of ['/home/noted2', '/home/noted3']) {
          const entry = await ws.stat(at(path));
          assert.deepEqual(entry.props, { '{urn:a}one': '<one xmlns="urn:a">1</one>' });
          assert.equal(entry.modified, 12_345_000);
          assert.equal(entry.mode, 0o755);
        }
      });
      it('a folder’s version changes when anything below it does, and only then', async () => {
        await ws.mkdir(at('/home/v'));
        await ws.mkdir(at('/home/v/deep'));
        await ws.mkdir(at('/home/v/other'));
        const version = async (path: string) => (await ws.stat(at(path))).version;
        const before = await version('/home/v');
        const other = await version('/home/v/other');
        await put(ws, '/home/v/deep/x', '1');
        const after = await version('/home/v');
        assert.notEqual(after, before);
        assert.equal(await version('/home/v/other'), other);
        await put(ws, '/home/outside', '1');
        assert.equal(await version('/home/v'), after);
        await ws.move(at('/home/v/deep/x'), at('/home/x-moved'));
        assert.notEqual(await version('/home/v'), after);
        const pages: string[] = [];
        for await (const page of ws.list(at('/home/v'))) pages.push(...page.map((entry) => entry.version));
        assert.deepEqual(pages, [await version('/home/v/deep'), await version('/home/v/other')]);
      });
      it('the journal tells every change in order, without a gap', async () => {
        const last = (await ws.changes(0, 100_000)).at(-1)?.seq ?? 0;
        await put(ws, '/home/journal', 'x');
        await ws.move(at('/home/journal'), at('/home/journal2'));
        await ws.remove(at('/home/journal2'));
        const records = await ws.changes(last, 100);
        assert.deepEqual(
          records.map((record) => [record.seq - last, record.op]),
          [
            [1, 'put'],
            [2, 'move'],
            [3, 'remove'],
          ],
        );
      });
    });

    describe('rights', () => {
      it('a read-only credential reads and changes nothing', async () => {
        await put(ws, '/home/ro', 'x');
        const { reader } = bench;
        assert.equal(await text(reader, '/home/ro'), 'x');
        const tries = [
          () => put(reader, '/home/ro', 'y'),
          () => reader.mkdir(at('/home/ro2')),
          () => reader.remove(at('/home/ro')),
          () => reader.move(at('/home/ro'), at('/home/ro3')),
          () => reader.copy(at('/home/ro'), at('/home/ro3')),
          () => reader.patch(at('/home/ro'), 0, Buffer.from('y')),
          () => reader.truncate(at('/home/ro'), 0),
          () => reader.annotate(at('/home/ro'), { modified: 1 }),
          () => reader.lock(at('/home/ro'), { depth: 0, scope: 'exclusive', owner: '', timeout: 1000 }),
        ];
        for (const attempt of tries) await assert.rejects(attempt(), fails('denied'));
        const lock = { depth: 0, scope: 'exclusive', owner: '', timeout: 1000 } as const;
        const { token } = (await ws.lock(at('/home/ro'), lock)).lock;
        await assert.rejects(reader.refresh(at('/home/ro'), token, 2000), fails('denied'));
        await assert.rejects(reader.unlock(at('/home/ro'), token), fails('denied'));
        await ws.unlock(at('/home/ro'), token);
        assert.equal(await text(ws, '/home/ro'), 'x');
      });
      it('a limited credential sees its folder and the bare way to it, wherever it moves', async () => {
        await ws.mkdir(at('/home/p'));
        const inner = await ws.mkdir(at('/home/p/limit'));
        await put(ws, '/home/p/secret', 'x');
        await put(ws, '/home/p/limit/mine', 'x');
        const limited = await bench.limited(inner.id);
        assert.equal(await text(limited, '/home/p/limit/mine'), 'x');
        assert.deepEqual(await names(limited, '/home/p'), ['limit']);
        await put(limited, '/home/p/limit/new', 'y');
        await assert.rejects(limited.stat(at('/home/p/secret')), fails('denied'));
        await assert.rejects(limited.stat(at('/home/p/absent')), fails('denied'));
        await assert.rejects(put(limited, '/home/p/x', 'x'), fails('denied'));
        await assert.rejects(limited.remove(at('/home/p/limit')), fails('denied'));
        await assert.rejects(limited.copy(at('/home/p/limit/mine'), at('/home/p/out')), fails('denied'));
        await assert.rejects(limited.copy(at('/home/p'), at('/home/p/limit/in')), fails('denied'));
        await ws.move(at('/home/p/limit'), at('/home/limit-moved'));
        assert.equal(await text(limited, '/home/limit-moved/mine'), 'x');
      });
      it('another user’s entries are not-found by id, for reading and as a destination', async () => {
        const { entry } = await put(ws, '/home/private', 'x');
        const { stranger } = bench;
        const home = await ws.stat(at('/home'));
        await assert.rejects(stranger.stat(at('/', entry.id)), fails('not-found'));
        await put(stranger, '/home/own', 'x');
        await assert.rejects(stranger.copy(at('/home/own'), at('/stolen', home.id)), fails('not-found'));
        await assert.rejects(stranger.move(at('/home/own'), at('/stolen', home.id)), fails('not-found'));
        await assert.rejects(stranger.write(at('/stolen', home.id), Buffer.from('x')), fails('not-found'));
      });
    });

    describe('locks', () => {
      const exclusive = { depth: 'infinity', scope: 'exclusive', owner: '', timeout: 60_000 } as const;
      it('a locked file changes only with its token, at every way to change it', async () => {
        await ws.mkdir(at('/home/l'));
        await put(ws, '/home/l/f', 'x');
        const { lock, created } = await ws.lock(at('/home/l/f'), { ...exclusive, depth: 0 });
        assert.equal(created, false);
        const tokens = [lock.token];
        const tries = (guard: object) => [
          () => put(ws, '/home/l/f', 'y', guard),
          () => ws.patch(at('/home/l/f'), 0, Buffer.from('y'), guard),
          () => ws.annotate(at('/home/l/f'), { modified: 5 }, guard),
          () => ws.truncate(at('/home/l/f'), 1, guard),
        ];
        for (const attempt of tries({})) await assert.rejects(attempt(), fails('locked'));
        for (const attempt of tries({ tokens: ['urn:uuid:other'] }))
          await assert.rejects(attempt(), fails('locked'));
        for (const attempt of tries({ tokens })) await attempt();
        await assert.rejects(ws.remove(at('/home/l')), (error) => {
          assert.ok(isStoreError(error, 'locked'));
          assert.deepEqual(error.blockers, ['/home/l/f']);
          return true;
        });
        await assert.rejects(ws.move(at('/home/l'), at('/home/l2')), fails('locked'));
        await assert.rejects(ws.copy(at('/home/ro'), at('/home/l/f')), fails('locked'));
        await ws.move(at('/home/l/f'), at('/home/l/g'), { tokens });
        assert.deepEqual(await ws.locks(at('/home/l/g')), []);
      });
      it('a deep lock covers what is and what comes below; a shallow one guards membership', async () => {
        await ws.mkdir(at('/home/deep'));
        const deep = await ws.lock(at('/home/deep'), exclusive);
        await assert.rejects(put(ws, '/home/deep/x', 'x'), fails('locked'));
        await put(ws, '/home/deep/x', 'x', { tokens: [deep.lock.token] });
        assert.equal((await ws.locks(at('/home/deep/x')))[0]?.token, deep.lock.token);
        await ws.unlock(at('/home/deep/x'), deep.lock.token);
        const shallow = await ws.lock(at('/home/deep'), { ...exclusive, depth: 0 });
        await put(ws, '/home/deep/x', 'free');
        await assert.rejects(put(ws, '/home/deep/y', 'x'), fails('locked'));
        await assert.rejects(ws.remove(at('/home/deep/x')), fails('locked'));
        await ws.remove(at('/home/deep/x'), { tokens: [shallow.lock.token] });
        await ws.unlock(at('/home/deep'), shallow.lock.token);
      });
      it('an exclusive lock excludes, shared ones live together', async () => {
        await put(ws, '/home/s', 'x');
        const shared = { ...exclusive, scope: 'shared' } as const;
        const one = await ws.lock(at('/home/s'), shared);
        const two = await ws.lock(at('/home/s'), shared);
        await assert.rejects(ws.lock(at('/home/s'), exclusive), fails('locked'));
        await assert.rejects(ws.lock(at('/home'), exclusive), fails('locked'));
        await put(ws, '/home/s', 'y', { tokens: [two.lock.token] });
        await ws.unlock(at('/home/s'), one.lock.token);
        await ws.unlock(at('/home/s'), two.lock.token);
        const tries = Array.from({ length: 8 }, () => ws.lock(at('/home/s'), exclusive));
        const results = await Promise.allSettled(tries);
        const won = results.filter((result) => result.status === 'fulfilled');
        assert.equal(won.length, 1);
        await ws.unlock(at('/home/s'), won[0]?.value.lock.token ?? '');
      });
      it('locking a free name makes an empty file', async () => {
        const { lock, created } = await ws.lock(at('/home/unmapped'), exclusive);
        assert.equal(created, true);
        assert.equal((await ws.stat(at('/home/unmapped'))).size, 0);
        await ws.unlock(at('/home/unmapped'), lock.token);
      });
      it('a lock ends by its time, lives on by refresh with the same token', async () => {
        await put(ws, '/home/timed', 'x');
        const { lock } = await ws.lock(at('/home/timed'), exclusive);
        bench.clock.now += 50_000;
        const refreshed = await ws.refresh(at('/home/timed'), lock.token, 60_000);
        assert.equal(refreshed.token, lock.token);
        bench.clock.now += 50_000;
        await assert.rejects(put(ws, '/home/timed', 'y'), fails('locked'));
        bench.clock.now += 20_000;
        await put(ws, '/home/timed', 'y');
        await assert.rejects(ws.refresh(at('/home/timed'), lock.token, 60_000), fails('not-found'));
        await assert.rejects(ws.unlock(at('/home/timed'), lock.token), fails('not-found'));
      });
    });

    describe('quota', () => {
      it('is checked before a body that says its size, and after one that does not', async () => {
        const small = await bench.withQuota(1000);
        await put(small, '/home/a', 'x'.repeat(600));
        let asked = false;
        const body = async function* () {
          asked = true;
          yield Buffer.alloc(600);
        };
        await assert.rejects(small.write(at('/home/b'), body(), { size: 600 }), fails('no-space'));
        assert.equal(asked, false);
        await assert.rejects(small.write(at('/home/b'), body()), fails('no-space'));
        await assert.rejects(small.copy(at('/home/a'), at('/home/c')), fails('no-space'));
        await put(small, '/home/a', 'y'.repeat(1000));
        assert.equal((await small.usage()).used, 1000);
      });
      it('the trash gives way when room is needed', async () => {
        const small = await bench.withQuota(1000);
        await put(small, '/home/a', 'x'.repeat(900));
        await small.remove(at('/home/a'));
        await put(small, '/home/b', 'y'.repeat(900));
        assert.equal(await text(small, '/home/b'), 'y'.repeat(900));
        assert.deepEqual(await small.trash(), []);
      });
    });
  });
}
