import type { ClientSession, Db, MongoClient } from 'mongodb';
import type { Clock, Ids } from '../../core/contracts.ts';
import type { EntryId } from '../../core/values.ts';
import type { Collections } from './collections.ts';
import { patiently } from './errors.ts';
import type { Row } from './rows.ts';

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
  /** For what may take minutes: no limit to a server's silence. */
  readonly slowly: <T>(work: (all: Collections) => Promise<T>) => Promise<T>;
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

type Kind = 'folder' | 'item';

/** Bounded; what is forgotten is looked up again. */
export class HomeIndex {
  private readonly known = new Map<EntryId, { readonly home: EntryId; readonly kind: Kind | undefined }>();

  get(id: EntryId): EntryId | undefined {
    return this.known.get(id)?.home;
  }

  /** In which of Girder's collections it is. */
  kindOf(id: EntryId): Kind | undefined {
    return this.known.get(id)?.kind;
  }

  learn(home: EntryId, rows: Iterable<Pick<Row, 'id' | 'kind' | 'foreign'>>): void {
    if (this.known.size > kept) this.known.clear();
    for (const { id, kind, foreign } of rows) {
      // One of several files of an item, or the item itself: looked for everywhere.
      const where = foreign === true ? undefined : kind === 'folder' ? 'folder' : 'item';
      this.known.set(id, { home, kind: where });
    }
  }
}
