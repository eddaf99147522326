import type { ClientSession, Db, MongoClient } from 'mongodb';
import type { Clock, Ids } from '../../core/contracts.ts';
import type { EntryId } from '../../core/values.ts';
import type { Collections } from './collections.ts';
import { patiently } from './errors.ts';

/** What every part of the catalog works with. */
export interface Store {
  readonly client: MongoClient;
  readonly db: Db;
  readonly all: Collections;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Whether the server has them (a replica set); else a change writes down what it will do before it does it. */
  readonly transactions: boolean;
  /** Girder's assetstore for new files. */
  readonly assetstore: EntryId | null;
  /** Which home an entry lies in, as far as it was seen; an entry never changes its home. */
  readonly homes: HomeIndex;
  readonly pending: PendingChanges;
}

/** See `Pending`. */
export interface PendingChanges {
  made(home: EntryId, rev: number, mark: () => Promise<unknown>): void;
  isMade(home: EntryId, rev: number): boolean;
  settled(): Promise<void>;
}

/** Milliseconds that a question waits for a database on its way back (an election takes a few seconds). */
export const patience = 15_000;

export const read = <T>(op: string, ask: () => Promise<T>): Promise<T> => patiently(op, patience, ask);

export interface Session {
  readonly session?: ClientSession;
}

const kept = 200_000;

/** Bounded; what is forgotten is looked up again. */
export class HomeIndex {
  private readonly known = new Map<EntryId, EntryId>();

  get(id: EntryId): EntryId | undefined {
    return this.known.get(id);
  }

  learn(home: EntryId, ids: Iterable<EntryId>): void {
    if (this.known.size > kept) this.known.clear();
    for (const id of ids) this.known.set(id, home);
  }
}
