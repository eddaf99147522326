import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../support/server.ts';
import { lockBody } from '../webdav/write-server.ts';
import type { Watch } from './crash.ts';

type Held = { readonly path: string; readonly token: string };

/** One client that takes and gives back locks on names of its own, and holds the server to each of them. */
export class LockClient {
  private readonly held: Held[] = [];
  /** Unlocked for certain. */
  private readonly free = new Set<string>();
  private count = 0;
  private readonly folder: string;
  private readonly server: TestServer;
  private readonly random: () => number;
  private readonly watch: Watch;
  acknowledged = 0;

  constructor(folder: string, server: TestServer, random: () => number, watch: Watch) {
    this.folder = folder;
    this.server = server;
    this.random = random;
    this.watch = watch;
  }

  private async send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<{ readonly response: Response; readonly text: string }> {
    const { url, login, token } = this.server;
    const response = await fetch(`${url}/homes/${login}/${this.folder}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (response.status === 503) this.watch.unavailable(response, `${method} ${this.folder}/${path}`);
    return { response, text };
  }

  /** Again for up to a minute while the answer is 503: only for what can be asked twice. */
  private async insist(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    const end = performance.now() + 60_000;
    for (;;) {
      const answer = await this.send(method, path, headers, body);
      if (answer.response.status !== 503 || performance.now() > end) return answer;
      await sleep(100);
    }
  }

  async start(): Promise<void> {
    assert.equal((await this.send('MKCOL', '')).response.status, 201);
  }

  async work(gone: () => boolean): Promise<void> {
    while (!gone()) {
      // Every lock that comes or goes makes the other clients check theirs again: as often as an office does it.
      await sleep(100 + this.random() * 200);
      const began = performance.now();
      const done = this.held.length < 3 || this.random() < 0.5 ? await this.lock() : await this.unlock();
      if (!done) continue;
      this.acknowledged += 1;
      this.watch.acknowledged(began, performance.now());
    }
  }

  private async lock(): Promise<boolean> {
    const path = `l${this.count++}`;
    const headers = { timeout: 'Second-3600', depth: '0' };
    const { response, text } = await this.send('LOCK', path, headers, lockBody());
    // Taken or not: nobody was told, so that nothing is owed.
    if (response.status === 503) return false;
    assert.equal(response.status, 201, `LOCK ${path}: ${text}`);
    const token = response.headers.get('lock-token');
    assert.ok(token, `LOCK ${path}: no token`);
    this.held.push({ path, token });
    return true;
  }

  private async unlock(): Promise<boolean> {
    const [gone] = this.held.splice(Math.floor(this.random() * this.held.length), 1);
    if (gone === undefined) return false;
    const { response, text } = await this.send('UNLOCK', gone.path, { 'lock-token': gone.token });
    if (response.status === 503) return false;
    assert.equal(response.status, 204, `UNLOCK ${gone.path}: ${text}`);
    this.free.add(gone.path);
    return true;
  }

  /** Every lock that was granted and not given back keeps others out and lets its owner in; what was given back is free. */
  async verify(): Promise<void> {
    for (const { path, token } of this.held) {
      const other = await this.insist('PUT', path, {}, 'somebody else');
      assert.equal(other.response.status, 423, `${path}: the lock is lost`);
      const owner = await this.insist('PUT', path, { if: `(${token})` }, path);
      assert.equal(owner.response.status, 204, `${path}: its own token is refused: ${owner.text}`);
    }
    for (const path of this.free) {
      const { response } = await this.insist('PUT', path, {}, 'free');
      assert.equal(response.status, 204, `${path}: still locked after its UNLOCK was acknowledged`);
    }
    this.free.clear();
    // As many as a round can look at.
    while (this.held.length > 8) {
      const { path, token } = this.held.shift() as Held;
      const { response } = await this.insist('UNLOCK', path, { 'lock-token': token });
      assert.ok([204, 409].includes(response.status), `UNLOCK ${path}: ${response.status}`);
    }
  }
}
