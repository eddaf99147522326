import type { Workspace } from '../core/contracts.ts';
import type { Path } from '../core/path.ts';

export interface ImportProblem {
  readonly path: string;
  readonly message: string;
}

export interface ImportSummary {
  readonly written: number;
  readonly bytes: number;
  readonly skipped: number;
  readonly folders: number;
  readonly problems: readonly ImportProblem[];
}

export interface ImportOptions {
  readonly source: string;
  readonly workspace: Workspace;
  /** Of the workspace: `home/…`. */
  readonly target: Path;
  readonly replace: boolean;
  readonly dryRun: boolean;
  readonly onProgress: (summary: ImportSummary) => void;
  readonly onProblem: (problem: ImportProblem) => void;
}
