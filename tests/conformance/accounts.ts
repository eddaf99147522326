import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Catalog } from '../../lib/core/contracts.ts';
import type { TokenRecord, User } from '../../lib/core/values.ts';
import {
  type CatalogBench,
  fails,
  type MakeCatalog,
  newId,
  newUser,
  start,
  TestHome,
} from './catalog-bench.ts';

export function accountsSuite(name: string, make: MakeCatalog): void {
  describe(`Accounts: ${name}`, () => {
    let bench: CatalogBench;
    let catalog: Catalog;
    before(async () => {
      bench = await make();
      catalog = bench.catalog;
    });
    after(async () => bench?.close());
    const tokenOf = (user: User, more: Partial<TokenRecord> = {}): TokenRecord => ({
      id: newId(),
      kind: 'password',
      hash: new Uint8Array(randomBytes(32)),
      user: user.id,
      name: 'laptop',
      write: true,
      root: null,
      created: start,
      expires: null,
      lastUsed: null,
      ...more,
    });

    it('a new user has an empty home', async () => {
      const user = await newUser(catalog, { login: 'ada.l', quota: 7 });
      assert.deepEqual(await catalog.accounts.user('ada.l'), user);
      assert.deepEqual(await catalog.accounts.userById(user.id), user);
      assert.equal((await catalog.entry(user.home))?.creator, user.id);
      assert.equal((await catalog.usage(user.home)).quota, 7);
      assert.equal(await catalog.accounts.user('nobody'), undefined);
      assert.equal(await catalog.accounts.userById(newId()), undefined);
    });

    it('logins are taken whatever their case', async () => {
      const user = await newUser(catalog, { login: 'Grace' });
      assert.equal(user.login, 'grace');
      assert.equal((await catalog.accounts.user('GRACE'))?.id, user.id);
      await assert.rejects(newUser(catalog, { login: 'gRace' }), fails('exists'));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => newUser(catalog, { login: 'linus' })),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    it('a user is changed field by field', async () => {
      const user = await newUser(catalog);
      const patch = { quota: 5, admin: true, status: 'disabled', email: 'a@b.c', removeAfter: 9 } as const;
      assert.deepEqual(await catalog.accounts.updateUser(user.id, patch), { ...user, ...patch });
      const back = { quota: null, admin: false, firstName: 'A', lastName: 'B' };
      const changed = await catalog.accounts.updateUser(user.id, back);
      assert.deepEqual(changed, { ...user, ...patch, ...back });
      assert.deepEqual(await catalog.accounts.userById(user.id), changed);
      await assert.rejects(catalog.accounts.updateUser(newId(), { admin: true }), fails('not-found'));
    });

    it('a user needs an id of their own, as two that make one user at once rely on', async () => {
      const user = await newUser(catalog);
      const outcomes = await Promise.allSettled([
        newUser(catalog, { id: user.id }),
        ...[1, 2].map(() => newUser(catalog, { id: `${user.id.slice(0, 20)}ffff` })),
      ]);
      const codes = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'made'));
      assert.equal(codes[0], 'exists');
      assert.deepEqual(codes.slice(1).toSorted(), ['exists', 'made']);
      assert.deepEqual(await catalog.accounts.userById(user.id), user);
    });

    it('users are listed in order of login', async () => {
      const made = await Promise.all(Array.from({ length: 300 }, () => newUser(catalog)));
      const seen: string[] = [];
      for await (const page of catalog.accounts.users()) seen.push(...page.map(({ login }) => login));
      assert.deepEqual(seen, seen.toSorted());
      assert.ok(made.every(({ login }) => seen.includes(login)));
      const rest: string[] = [];
      for await (const page of catalog.accounts.users(seen[100]))
        rest.push(...page.map(({ login }) => login));
      assert.deepEqual(rest, seen.slice(101));
    });

    it('a token is found with its user until it is revoked', async () => {
      const user = await newUser(catalog);
      const token = tokenOf(user, { write: false, root: user.home, expires: 5 });
      await catalog.accounts.createToken(token);
      const found = await catalog.accounts.token(token.id);
      assert.deepEqual(found && { ...found.token, hash: new Uint8Array(found.token.hash) }, token);
      assert.deepEqual(found?.user, user);
      await assert.rejects(catalog.accounts.createToken(token), fails('exists'));
      assert.equal((await catalog.accounts.tokens(user.id)).length, 1);
      const disabled = await catalog.accounts.updateUser(user.id, { status: 'disabled' });
      assert.deepEqual((await catalog.accounts.token(token.id))?.user, disabled);
      assert.equal(await catalog.accounts.revokeToken(token.id), true);
      assert.equal(await catalog.accounts.revokeToken(token.id), false);
      assert.equal(await catalog.accounts.token(token.id), undefined);
      assert.deepEqual(await catalog.accounts.tokens(user.id), []);
    });

    it('a token needs its user', async () => {
      const user = await newUser(catalog);
      await assert.rejects(
        catalog.accounts.createToken(tokenOf({ ...user, id: newId() })),
        fails('not-found'),
      );
    });

    it('the last use of a token is written down', async () => {
      const user = await newUser(catalog);
      const token = tokenOf(user);
      await catalog.accounts.createToken(token);
      await catalog.accounts.touchToken(token.id, 77);
      assert.equal((await catalog.accounts.token(token.id))?.token.lastUsed, 77);
      await catalog.accounts.touchToken(newId(), 77);
    });

    it('tokens go when they have expired', async () => {
      const user = await newUser(catalog);
      const old = tokenOf(user, { expires: 1000 });
      const young = tokenOf(user, { expires: 3000 });
      const eternal = tokenOf(user);
      for (const token of [old, young, eternal]) await catalog.accounts.createToken(token);
      await catalog.upkeep.expire(2000, 0);
      const left = (await catalog.accounts.tokens(user.id)).map(({ id }) => id);
      assert.deepEqual(new Set(left), new Set([young.id, eternal.id]));
    });

    it('an erased user leaves nothing, and the login is free', async () => {
      const home = await TestHome.make(catalog);
      const { user } = home;
      const folder = await home.folder('f');
      const { entry } = await home.file('a', 'erased content', folder.id);
      await home.file('b', 'x');
      await home.remove((await home.at('b'))?.id ?? '');
      const token = tokenOf(user);
      await catalog.accounts.createToken(token);
      await catalog.accounts.eraseUser(user.id);
      assert.equal(await catalog.accounts.user(user.login), undefined);
      assert.equal(await catalog.accounts.token(token.id), undefined);
      for (const id of [home.id, folder.id, entry.id]) assert.equal(await catalog.entry(id), undefined);
      assert.deepEqual(await catalog.trash(home.id), []);
      await assert.rejects(home.folder('x'), fails('not-found'));
      for await (const page of catalog.upkeep.layouts())
        assert.ok(page.every((one) => one.entry.home !== home.id));
      await newUser(catalog, { login: user.login });
      await catalog.accounts.eraseUser(user.id);
    });

    it('the end of a token can be moved, and its kind is kept', async () => {
      const user = await newUser(catalog);
      const token = tokenOf(user, { kind: 'mount', hash: new Uint8Array(0), expires: 1000 });
      await catalog.accounts.createToken(token);
      assert.equal(await catalog.accounts.extendToken(token.id, 5000), true);
      const found = (await catalog.accounts.token(token.id))?.token;
      assert.deepEqual(found && { ...found, hash: new Uint8Array(found.hash) }, { ...token, expires: 5000 });
      assert.equal(await catalog.accounts.extendToken(newId(), 5000), false);
    });

    it('an account elsewhere is linked to one user, once, until it is unlinked or the user goes', async () => {
      const [user, other] = [await newUser(catalog), await newUser(catalog)];
      const [issuer, subject] = ['https://issuer.example', newId()];
      const link = { issuer, subject, user: user.id, created: start };
      await catalog.accounts.link(link);
      assert.deepEqual(await catalog.accounts.linked(issuer, subject), user);
      assert.equal(await catalog.accounts.linked(`${issuer}/`, subject), undefined);
      assert.equal(await catalog.accounts.linked(subject, issuer), undefined);
      assert.deepEqual(await catalog.accounts.links(user.id), [link]);
      for (const owner of [user, other]) {
        await assert.rejects(catalog.accounts.link({ ...link, user: owner.id }), fails('exists'));
      }
      await assert.rejects(
        catalog.accounts.link({ ...link, subject: newId(), user: newId() }),
        fails('not-found'),
      );
      const disabled = await catalog.accounts.updateUser(user.id, { status: 'disabled' });
      assert.deepEqual(await catalog.accounts.linked(issuer, subject), disabled);
      assert.equal(await catalog.accounts.unlink(issuer, subject), true);
      assert.equal(await catalog.accounts.unlink(issuer, subject), false);
      assert.equal(await catalog.accounts.linked(issuer, subject), undefined);
      await catalog.accounts.link({ ...link, user: other.id });
      await catalog.accounts.eraseUser(other.id);
      assert.equal(await catalog.accounts.linked(issuer, subject), undefined);
      await catalog.accounts.link(link);
    });

    it('two that link one account at once: exactly one has it', async () => {
      const users = await Promise.all(Array.from({ length: 6 }, () => newUser(catalog)));
      const subject = newId();
      const outcomes = await Promise.allSettled(
        users.map(({ id }) => catalog.accounts.link({ issuer: 'x', subject, user: id, created: start })),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    it('settings are kept by name', async () => {
      assert.equal(await catalog.accounts.setting('a'), undefined);
      await catalog.accounts.putSetting('a', '1');
      await catalog.accounts.putSetting('a', '2');
      assert.equal(await catalog.accounts.setting('a'), '2');
      assert.equal(await (await bench.again()).accounts.setting('a'), '2');
    });
  });
}
