import type { EntryId, UserId } from '../core/values.ts';

/** What a credential made here lets its bearer do; never more than the one it was made from. */
export interface Grant {
  readonly user: UserId;
  /** What it is for, in a list. */
  readonly name: string;
  readonly write: boolean;
  readonly root: EntryId | null;
}
