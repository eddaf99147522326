import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from '../../core/contracts.ts';
import { isStoreError, StoreError } from '../../core/error.ts';
import type { Durability, EntryId } from '../../core/values.ts';
import { commit } from './commit.ts';
import { objectId } from './documents.ts';
import { type HomeState, tailOf, toHome } from './home.ts';
import type { Line } from './lines.ts';
import { homeDoc, wholeHome } from './pending.ts';
import type { Row } from './rows.ts';
import { settle } from './settle.ts';
import type { Store } from './store.ts';
import { Known, NeedsBase, View } from './view.ts';

export interface Job {
  readonly plan: (view: View) => Promise<unknown>;
  readonly durability: Durability;
  /** Names that the plan will look for: those of a whole batch are asked for at once. */
  readonly places: readonly Place[];
  /** Looks at more than a view can correct: nothing else is in its batch. */
  readonly alone: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Changes in one commit: bounds how long another process waits for its turn. */
const batchMost = 64;
/** Tries of one batch while other processes change the same home. */
const attemptsMost = 60;
/** Records that a home's document may hold before they are settled at once, and before changes wait for that. */
const recentMost = 64;
const behindMost = 1024;
/** Milliseconds without a change after which a home is settled. */
const quiet = 50;
/** Milliseconds after which its document gives up the records that are settled. */
const longQuiet = 2000;

/**
 * The changes of one home, one batch after the other: each is planned on the home as it was last seen and committed
 * on the condition that it still is. So the changes of a home have one order, whoever makes them, and homes do not
 * wait for each other.
 */
export class HomeWorker {
  private readonly store: Store;
  private readonly id: EntryId;
  private readonly jobs: Job[] = [];
  private running = false;
  private state: HomeState | undefined;
  private readonly base = new Known();
  private timer: NodeJS.Timeout | undefined;
  private settling: Promise<void> | undefined;
  private unsettled = 0;
  private closed = false;
  /** Numbers of folders that rows which were read before the last settlement do not know. */
  private raised: ReadonlyMap<EntryId, number> = new Map();
  private idle: Promise<void> = Promise.resolve();

  constructor(store: Store, id: EntryId) {
    this.store = store;
    this.id = id;
  }

  get busy(): boolean {
    return this.running || this.timer !== undefined || this.settling !== undefined;
  }

  call(job: Job): void {
    this.jobs.push(job);
    if (this.running) return;
    this.running = true;
    // At the end of the turn, so that those who were just answered can join with their next change.
    this.idle = new Promise((resolve) => {
      setImmediate(() => {
        this.run().then(resolve, resolve);
      });
    });
  }

  /** Takes what a reader has just seen as the ground for the next change. */
  learn(line: Line, below: readonly Row[], missing: readonly string[]): void {
    const { rev } = line.home;
    if (!this.running && (this.state === undefined || rev > this.state.rev)) {
      this.forget();
      this.state = toHome(line.home);
    }
    if (rev !== this.state?.rev) return;
    this.base.takeLine(line, below, missing);
    this.base.raise(this.raised);
  }

  /** Lets what was asked finish. */
  async close(): Promise<void> {
    this.closed = true;
    await this.idle;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.settling;
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.jobs.length > 0) {
      const alone = this.jobs.findIndex((job) => job.alone);
      const count = alone === -1 ? batchMost : Math.max(1, alone);
      await this.batch(this.jobs.splice(0, Math.min(batchMost, count)));
      if (this.unsettled > recentMost) this.settleSoon();
      if (this.unsettled > behindMost) await this.settling;
    }
    this.running = false;
    if (!this.closed) this.rest();
  }

  private rest(): void {
    const { state } = this;
    if (state === undefined || (state.settled >= state.seq && state.tail.length === 0)) return;
    // The second time is for what readers on their way may still want.
    const wait = state.settled >= state.seq ? longQuiet : quiet;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.settleSoon();
    }, wait);
    this.timer.unref();
  }

  private settleSoon(): void {
    this.settling ??= this.settleNow().finally(() => {
      this.settling = undefined;
      if (!this.running && this.timer === undefined && !this.closed) this.rest();
    });
  }

  /** What may wait, beside the changes. Who finds a settlement failed does it again (`upkeep.expire`, the next change). */
  private async settleNow(): Promise<void> {
    this.unsettled = 0;
    try {
      const { settled, dropped, raised } = await settle(this.store, this.id);
      this.raised = raised;
      this.base.raise(raised);
      if (this.state === undefined) return;
      this.state.settled = Math.max(this.state.settled, settled);
      this.state.tail = this.state.tail.filter(({ s }) => s > dropped);
    } catch (error) {
      if (!isStoreError(error)) throw error;
      this.forget();
    }
  }

  private async batch(jobs: readonly Job[]): Promise<void> {
    try {
      const outcomes = await this.attempt(jobs);
      const later: Job[] = [];
      jobs.forEach((job, index) => {
        const outcome = outcomes[index];
        if (outcome !== undefined && 'value' in outcome) job.resolve(outcome.value);
        else if (outcome?.error instanceof NeedsBase) later.push({ ...job, alone: true });
        else job.reject(outcome?.error);
      });
      this.jobs.unshift(...later);
    } catch (error) {
      this.forget();
      for (const job of jobs) job.reject(error);
    }
  }

  private forget(): void {
    this.state = undefined;
    this.base.clear();
  }

  private async attempt(jobs: readonly Job[]): Promise<readonly Outcome[]> {
    const durable = jobs.some((job) => job.durability === 'durable');
    for (let attempt = 0; attempt < attemptsMost; attempt++) {
      // Short and uneven, so that no process starves behind one that writes all the time.
      if (attempt > 1) await sleep(Math.random() * Math.min(100, 4 * attempt));
      const fresh = this.state === undefined;
      this.state ??= await this.look();
      const view = new View(this.store, this.state, this.base);
      await view.expect(jobs.flatMap((job) => job.places));
      const outcomes: Outcome[] = [];
      for (const job of jobs) outcomes.push(await outcomeOf(view, job));
      const refused = outcomes.some((outcome) => 'error' in outcome && !(outcome.error instanceof NeedsBase));
      // A refusal that rests on an old look may be wrong: it is only told when the home is still what it was.
      if (refused && !fresh && !(await this.stillThere())) {
        this.forget();
        continue;
      }
      if (!view.changed) return outcomes;
      if (await this.write(view, durable)) return outcomes;
      this.forget();
    }
    const message = 'Too many others change this home at this moment; try again.';
    throw new StoreError('unavailable', { op: 'catalog.commit', message });
  }

  private async write(view: View, durable: boolean): Promise<boolean> {
    const { records, writes, bodies } = view;
    const was = this.state?.rev ?? 0;
    const home = { ...view.home, rev: was + 1 };
    const done = await commit(this.store, {
      ...{ was, home, records, writes, bodies, durable },
      at: this.store.clock(),
    });
    if (!done) return false;
    // A settlement may have ended meanwhile.
    const { settled = 0, tail = [] } = this.state ?? {};
    const cut = tail[0]?.s ?? 0;
    this.state = {
      ...home,
      settled: Math.max(settled, home.settled),
      tail: [...home.tail.filter(({ s }) => s >= cut), ...tailOf(records)],
    };
    this.unsettled += records.length;
    this.base.take(view.fresh);
    this.base.raise(this.raised);
    return true;
  }

  private async look(): Promise<HomeState> {
    const found = await wholeHome(this.store, objectId(this.id));
    if (found === undefined) throw new StoreError('not-found', { message: 'The home is gone.' });
    return toHome(found);
  }

  private async stillThere(): Promise<boolean> {
    const found = await homeDoc(this.store, objectId(this.id));
    return found !== undefined && found.rev === this.state?.rev;
  }
}

async function outcomeOf(view: View, job: Job): Promise<Outcome> {
  try {
    return { value: await view.step(() => job.plan(view)) };
  } catch (error) {
    // What is no refusal is a failure of the whole.
    if (error instanceof NeedsBase) return { error };
    if (!isStoreError(error) || error.code === 'unavailable') throw error;
    return { error };
  }
}

const workersMost = 2000;

/** The workers of this process, one for each home that is being changed. */
export class Workers {
  private readonly known = new Map<EntryId, HomeWorker>();
  private readonly store: Store;
  private closed = false;

  constructor(store: Store) {
    this.store = store;
  }

  private of(home: EntryId): HomeWorker {
    let worker = this.known.get(home);
    if (worker === undefined) {
      if (this.known.size >= workersMost) {
        for (const [id, one] of this.known) if (!one.busy) this.known.delete(id);
      }
      worker = new HomeWorker(this.store, home);
      this.known.set(home, worker);
    }
    return worker;
  }

  call<T>(
    home: EntryId,
    plan: (view: View) => Promise<T>,
    options: {
      readonly durability?: Durability;
      readonly alone?: boolean;
      readonly places?: readonly Place[];
    } = {},
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.closed) {
      reject(new StoreError('unavailable', { op: 'catalog', message: 'The catalog is closed.' }));
    } else {
      const { durability = 'stored', alone = false, places = [] } = options;
      this.of(home).call({ plan, durability, alone, places, resolve, reject });
    }
    return promise as Promise<T>;
  }

  /** The last row that was seen of a home that nobody changes here is of no use. */
  learn(line: Line, below: readonly Row[], missing: readonly string[]): void {
    this.known.get(line.home._id.toHexString())?.learn(line, below, missing);
  }

  forget(home: EntryId): void {
    this.known.delete(home);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.known.values()].map((worker) => worker.close()));
  }
}
