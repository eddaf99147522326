import type { Tree, Workspace } from '../core/contracts.ts';
import type { DavRequest, Reply } from './verb.ts';

/** As much of a workspace as the reading verbs use. */
export type Readable = Tree & Pick<Workspace, 'principal' | 'usage' | 'locks' | 'locksBelow'>;

export interface ReadRequest extends Omit<DavRequest, 'workspace'> {
  readonly workspace: Readable;
}

/** Any `ReadVerb` is a `Verb`. */
export type ReadVerb = (request: ReadRequest) => Promise<Reply>;
