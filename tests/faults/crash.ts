import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../support/server.ts';

/** A file that tells by itself whether it is whole: its size and seed decide every byte. */
function content(seed: string, size: number): Buffer {
  const head = Buffer.from(`${seed} ${size}\n`);
  const line = createHash('sha256').update(head).digest();
  const body = Buffer.alloc(Math.max(size, head.length));
  for (let at = 0; at < body.length; at += line.length) line.copy(body, at);
  head.copy(body);
  return body;
}

function seedOf(body: Buffer, where: string): string {
  const end = body.indexOf(10);
  const [seed = '', size = '0'] = body.subarray(0, end).toString().split(' ');
  assert.ok(
    body.equals(content(seed, Number(size))),
    `${where} is torn: ${body.length} bytes, head ${seed} ${size}`,
  );
  return seed;
}

/** Path below the client's folder to the seed of the file there. */
type State = ReadonlyMap<string, string>;

interface Operation {
  readonly say: string;
  readonly method: string;
  readonly path: string;
  readonly to?: string;
  readonly body?: Buffer;
  apply(state: State): State;
}

const sizes = [100, 5_000, 65_000, 70_000, 300_000];

function rename(state: State, from: string, to: string, keep: boolean): State {
  const next = new Map([...state].filter(([path]) => path !== to && !path.startsWith(`${to}/`)));
  for (const [path, seed] of state) {
    if (path !== from && !path.startsWith(`${from}/`)) continue;
    if (!keep) next.delete(path);
    next.set(to + path.slice(from.length), seed);
  }
  return next;
}

const without = (state: State, gone: string): State =>
  new Map([...state].filter(([path]) => path !== gone && !path.startsWith(`${gone}/`)));

/** Who wants to know how the answers of a server were that may answer 503 for a while. */
export interface Watch {
  /** Milliseconds of `performance.now()` when the change was asked for and when it was acknowledged. */
  acknowledged(began: number, ended: number): void;
  /** An answer 503: the change happened, or it did not. */
  unavailable(response: Response, what: string): void;
}

/** One client: one operation at a time in a folder of its own, so that what must be there is known exactly. */
export class Client {
  private state: State = new Map();
  private pending: Operation | undefined;
  private count = 0;
  acknowledged = 0;
  readonly folder: string;
  private readonly server: () => TestServer;
  private readonly random: () => number;
  private readonly watch: Watch | undefined;

  constructor(folder: string, server: () => TestServer, random: () => number, watch?: Watch) {
    this.folder = folder;
    this.server = server;
    this.random = random;
    this.watch = watch;
  }

  private url(path: string): string {
    const server = this.server();
    return `${server.url}/homes/${server.login}/${this.folder}/${path}`;
  }

  private async send(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer) {
    const authorization = `Bearer ${this.server().token}`;
    const signal = AbortSignal.timeout(60_000);
    const init = { method, headers: { authorization, ...headers }, signal };
    return fetch(this.url(path), body === undefined ? init : { ...init, body: new Uint8Array(body) });
  }

  /** A reading request, again for up to a minute while the answer is a 503 that may be one. */
  private async read(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
    const end = performance.now() + 60_000;
    for (;;) {
      const response = await this.send(method, path, headers);
      if (response.status !== 503 || this.watch === undefined || performance.now() > end) return response;
      this.watch.unavailable(response, `${method} ${path}`);
      await response.arrayBuffer();
      await sleep(100);
    }
  }

  async start(): Promise<void> {
    for (const path of ['', 'd0', 'd1']) assert.equal((await this.send('MKCOL', path)).status, 201);
  }

  private next(): Operation {
    const pick = <T>(from: readonly T[]): T => from[Math.floor(this.random() * from.length)] as T;
    const place = () => `${pick(['d0', 'd1'])}/f${Math.floor(this.random() * 4)}`;
    const path = place();
    const to = place();
    const there = this.state.has(path);
    const dice = this.random();
    if (!there || dice < 0.5) {
      const seed = `${this.folder}-${this.count++}`;
      const body = content(seed, pick(sizes));
      return {
        say: `PUT ${path} ${seed}`,
        method: 'PUT',
        path,
        body,
        apply: (s) => new Map(s).set(path, seed),
      };
    }
    if (dice < 0.6) return { say: `DELETE ${path}`, method: 'DELETE', path, apply: (s) => without(s, path) };
    if (dice < 0.7) {
      const pair = { path: 'd0', to: 'd2' };
      return {
        say: 'COPY d0 d2',
        method: 'COPY',
        ...pair,
        apply: (s) => rename(without(s, 'd2'), 'd0', 'd2', true),
      };
    }
    const method = dice < 0.85 && path !== to ? 'MOVE' : 'COPY';
    if (path === to) return { say: `DELETE ${path}`, method: 'DELETE', path, apply: (s) => without(s, path) };
    return {
      say: `${method} ${path} ${to}`,
      method,
      path,
      to,
      apply: (s) => rename(s, path, to, method === 'COPY'),
    };
  }

  /** Works until the server is gone. Every success is remembered as owed. */
  async work(gone: () => boolean): Promise<void> {
    while (!gone()) {
      const operation = this.next();
      this.pending = operation;
      const headers: Record<string, string> =
        operation.to === undefined ? {} : { destination: new URL(this.url(operation.to)).pathname };
      const began = performance.now();
      let response: Response;
      let text: string;
      try {
        response = await this.send(operation.method, operation.path, headers, operation.body);
        text = await response.text();
      } catch (cause) {
        if (gone() && this.watch === undefined) return;
        throw new Error(`${this.folder}: ${operation.say}: no answer`, { cause });
      }
      const { status } = response;
      if (status === 503 && this.watch !== undefined) {
        this.watch.unavailable(response, operation.say);
        await this.verify();
        continue;
      }
      assert.ok(status === 201 || status === 204, `${operation.say}: ${status} ${text}`);
      this.watch?.acknowledged(began, performance.now());
      this.state = operation.apply(this.state);
      this.pending = undefined;
      this.acknowledged += 1;
    }
  }

  /** What is there must be what was acknowledged, or that and the one operation that was under way. */
  async verify(): Promise<void> {
    const found = new Map<string, string>();
    for (const folder of ['d0', 'd1', 'd2']) {
      const response = await this.read('PROPFIND', folder, { depth: '1' });
      if (response.status === 404) continue;
      assert.equal(response.status, 207);
      const listing = await response.text();
      for (const [, name = ''] of listing.matchAll(new RegExp(`/${this.folder}/${folder}/(f\\d)</`, 'g'))) {
        const path = `${folder}/${name}`;
        const got = await this.read('GET', path);
        assert.equal(got.status, 200, path);
        found.set(path, seedOf(Buffer.from(await got.arrayBuffer()), path));
      }
    }
    const sorted = (state: State) => JSON.stringify([...state].toSorted());
    const owed = [sorted(this.state)];
    if (this.pending !== undefined) owed.push(sorted(this.pending.apply(this.state)));
    assert.ok(
      owed.includes(sorted(found)),
      `${this.folder}: found ${sorted(found)}, owed ${owed.join(' or ')} (under way: ${this.pending?.say})`,
    );
    this.state = found;
    this.pending = undefined;
  }
}

export interface CrashReport {
  readonly rounds: number;
  readonly acknowledged: number;
}

/** Kills the server with SIGKILL at random moments under load, and holds it to every acknowledgement. */
export async function crashRounds(
  start: () => Promise<TestServer>,
  options: {
    readonly rounds: number;
    readonly random: () => number;
    readonly check: (server: TestServer) => Promise<void>;
    readonly onRound?: (round: number, acknowledged: number) => void;
  },
): Promise<CrashReport> {
  const server = await start();
  try {
    const clients = Array.from({ length: 4 }, (_, n) => new Client(`c${n}`, () => server, options.random));
    await Promise.all(clients.map((client) => client.start()));
    const total = () => clients.reduce((sum, client) => sum + client.acknowledged, 0);
    for (let round = 1; round <= options.rounds; round++) {
      let gone = false;
      const working = Promise.all(clients.map((client) => client.work(() => gone)));
      // At a random change, and a random moment of it.
      const enough = total() + Math.floor(options.random() * 40);
      while (total() < enough) await Promise.race([working, sleep(5)]);
      await Promise.race([working, sleep(options.random() * 20)]);
      gone = true;
      await server.kill9();
      await working;
      await server.restart();
      await Promise.all(clients.map((client) => client.verify()));
      if (round % 10 === 0 || round === options.rounds) await options.check(server);
      options.onRound?.(round, total());
    }
    return { rounds: options.rounds, acknowledged: total() };
  } finally {
    await server.stop();
  }
}
