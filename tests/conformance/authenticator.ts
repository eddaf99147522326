import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Authenticator, Credential } from '../../lib/core/contracts.ts';
import { isStoreError } from '../../lib/core/error.ts';

/** One user with one good credential, and what can happen to them. */
export interface AuthenticatorFixture {
  readonly authenticator: Authenticator;
  readonly login: string;
  readonly email: string;
  /** A good password for Basic; null where the kind has no such form. */
  readonly password: string | null;
  /** The text for Bearer and Girder-Token; null where the kind has no such form. */
  readonly token: string | null;
  /** What may stand before the token in a password; `token:` and `key:` unless told. */
  readonly prefixes?: readonly string[];
  /** Of the same shape and not good: another secret for a known name or id, and an unknown id. */
  readonly wrong: readonly string[];
  /** What another authenticator should be asked about. */
  readonly foreign: string;
  revoke(): Promise<void>;
  /** Milliseconds that a revocation elsewhere may go unnoticed here; absent: none. */
  readonly revokedWithin?: number;
  disable(): Promise<void>;
  enable(): Promise<void>;
  /** Null where the credential never ends. */
  readonly expires: number | null;
}

const now = 1_700_000_000_000;

/** What every Authenticator must do; `open` makes a fresh fixture whose credential is good at `now`. */
export function authenticatorSuite(kind: string, open: (now: number) => Promise<AuthenticatorFixture>): void {
  const fact = (name: string, check: (fixture: AuthenticatorFixture) => Promise<void>) =>
    test(`${kind}: ${name}`, async () => check(await open(now)));

  fact('a good credential names its user', async (fixture) => {
    for (const credential of formsOf(fixture)) {
      const principal = await fixture.authenticator.authenticate(credential, now);
      assert.equal(principal?.login, fixture.login);
      assert.ok(principal.credential.length > 0);
      for (const secret of [fixture.password, fixture.token]) {
        if (secret !== null)
          assert.ok(!JSON.stringify(principal).includes(secret), 'a secret in the principal');
      }
    }
  });

  fact('a name is taken in any case, with a Windows domain, and as the e-mail', async (fixture) => {
    if (fixture.password === null) return;
    for (const login of [fixture.login.toUpperCase(), `LAB\\${fixture.login}`, fixture.email]) {
      const credential: Credential = { kind: 'basic', login, password: fixture.password };
      assert.equal((await fixture.authenticator.authenticate(credential, now))?.login, fixture.login);
    }
  });

  fact('a good password beside another name is refused', async (fixture) => {
    if (fixture.password === null) return;
    await refuses(fixture, { kind: 'basic', login: 'someone.else', password: fixture.password });
    await refuses(fixture, { kind: 'basic', login: '', password: fixture.password });
  });

  fact('a wrong secret and an unknown name get the same answer', async (fixture) => {
    const answers = new Set<string>();
    for (const wrong of fixture.wrong) {
      answers.add(await refuses(fixture, { kind: 'basic', login: fixture.login, password: wrong }));
      if (fixture.token !== null) answers.add(await refuses(fixture, { kind: 'token', token: wrong }));
    }
    assert.equal(answers.size, 1);
  });

  fact('another kind of credential is left to the next', async (fixture) => {
    const credential: Credential = { kind: 'token', token: fixture.foreign };
    assert.equal(await fixture.authenticator.authenticate(credential, now), undefined);
  });

  fact('a revoked credential dies at once, or within the time that its kind may take', async (fixture) => {
    const forms = formsOf(fixture);
    for (const credential of forms) await fixture.authenticator.authenticate(credential, now);
    await fixture.revoke();
    const later = now + (fixture.revokedWithin ?? 0);
    for (const credential of forms) await refuses(fixture, credential, later);
  });

  fact('a disabled user is out at once, and in again when enabled', async (fixture) => {
    const forms = formsOf(fixture);
    await fixture.disable();
    for (const credential of forms) await refuses(fixture, credential);
    await fixture.enable();
    for (const credential of forms) {
      assert.equal((await fixture.authenticator.authenticate(credential, now))?.login, fixture.login);
    }
  });

  fact('an expired credential is refused from its last millisecond on', async (fixture) => {
    if (fixture.expires === null) return;
    for (const credential of formsOf(fixture)) {
      assert.ok(await fixture.authenticator.authenticate(credential, fixture.expires - 1));
      await refuses(fixture, credential, fixture.expires);
    }
  });
}

function formsOf(fixture: AuthenticatorFixture): readonly Credential[] {
  const { login, password, token, prefixes = ['token:', 'key:'] } = fixture;
  const forms: Credential[] = [];
  if (password !== null) forms.push({ kind: 'basic', login, password });
  if (token !== null) {
    forms.push({ kind: 'token', token });
    for (const form of prefixes) forms.push({ kind: 'basic', login, password: `${form}${token}` });
  }
  return forms;
}

async function refuses(fixture: AuthenticatorFixture, credential: Credential, at = now): Promise<string> {
  const outcome = await fixture.authenticator.authenticate(credential, at).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(isStoreError(outcome, 'unauthenticated'), `not refused: ${String(outcome)}`);
  return outcome.message;
}
