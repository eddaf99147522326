import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { StoreError } from '../../core/error.ts';

export type Cell = SQLOutputValue;
export type Param = SQLInputValue;

// No mmap: SQLite drops a reader's whole mapping after every commit of another connection, and faults it in again.
const settings = `
PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 32768;
PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;`;

/** A connection that prepares each statement once. Rows are arrays, in the order of their columns. */
export class Database {
  readonly raw: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  private readonly reading: boolean;

  /** `wait`: milliseconds that SQLite itself may wait for another process. */
  constructor(path: string, options: { readonly wait: number; readonly reading?: boolean }) {
    this.raw = new DatabaseSync(path, { timeout: options.wait, enableForeignKeyConstraints: false });
    this.raw.exec(settings);
    this.reading = options.reading === true;
    if (this.reading) this.raw.exec('PRAGMA query_only = 1');
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.raw.prepare(sql);
      statement.setReturnArrays(true);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  /** Readers answer callers, who know one vocabulary; the writer looks at SQLite's own codes first. */
  private failure(error: unknown): unknown {
    if (!this.reading) return error;
    if (this.raw.isOpen) return toStoreError(error, 'catalog.read');
    return new StoreError('unavailable', { op: 'catalog.read', message: 'The catalog is closed.' });
  }

  get<T extends readonly Cell[]>(sql: string, ...params: Param[]): T | undefined {
    try {
      return this.prepare(sql).get(...params) as T | undefined;
    } catch (error) {
      throw this.failure(error);
    }
  }

  all<T extends readonly Cell[]>(sql: string, ...params: Param[]): T[] {
    try {
      return this.prepare(sql).all(...params) as unknown as T[];
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** The number of rows changed. */
  run(sql: string, ...params: Param[]): number {
    try {
      return Number(this.prepare(sql).run(...params).changes);
    } catch (error) {
      throw this.failure(error);
    }
  }

  close(): void {
    this.statements.clear();
    if (this.raw.isOpen) this.raw.close();
  }
}

interface SqliteError extends Error {
  readonly errcode: number;
}

export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** Primary result codes (sqlite.org/rescode.html). */
export const busy = new Set([5, 6]);

/** Every failure of the database in Hearth's vocabulary. */
export function toStoreError(error: unknown, op: string): StoreError {
  if (error instanceof StoreError) return error;
  const cause = error;
  if (!isSqliteError(error)) {
    const message = `The catalog failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`;
    return new StoreError('internal', { op, message, cause });
  }
  const code = error.errcode & 0xff;
  if (code === 13) {
    return new StoreError('no-space', { op, message: 'The disk of the catalog is full.', cause });
  }
  if (busy.has(code)) {
    return new StoreError('unavailable', { op, message: 'The catalog is busy; try again.', cause });
  }
  if (code === 8 || code === 10 || code === 14) {
    const message = `The disk of the catalog fails (${error.message}); see the server's disk and its log.`;
    return new StoreError('unavailable', { op, message, cause });
  }
  const advice = code === 11 || code === 26 ? ' The catalog file is damaged: restore it from a backup.' : '';
  return new StoreError('internal', { op, message: `The catalog failed: ${error.message}.${advice}`, cause });
}
