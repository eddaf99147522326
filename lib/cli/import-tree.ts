import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isStoreError } from '../core/error.ts';
import { newName, type Path, parseName } from '../core/path.ts';
import { importFile, importLink, type Outcome } from './import-file.ts';
import type { ImportOptions, ImportProblem, ImportSummary } from './import-options.ts';

/** Files that are under way at once: enough for their syncs to be shared. */
const lanes = 8;

/** Folder by folder, so that memory is bounded by one folder's names and what is under way. */
export async function importTree(options: ImportOptions): Promise<ImportSummary> {
  const tally = { written: 0, bytes: 0, skipped: 0, folders: 0, problems: [] as ImportProblem[] };
  const report = (path: string, message: string) => {
    const problem = { path, message };
    tally.problems.push(problem);
    options.onProblem(problem);
  };
  const count = (outcome: Outcome) => {
    if (outcome.kind === 'written') {
      tally.written += 1;
      tally.bytes += outcome.size;
    } else tally.skipped += 1;
    options.onProgress(tally);
  };
  const pool = lanesOf(lanes);

  async function folder(source: string, target: Path): Promise<void> {
    const entries = await namesOf(source, report);
    const taken = new Set<string>();
    for (const entry of entries) {
      const from = join(source, entry.name);
      const to = place(target, entry.name, taken, from);
      if (to === undefined) continue;
      if (entry.isDirectory()) {
        await below(from, to);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        const one = entry.isFile() ? importFile : importLink;
        await pool.run(() => attempt(from, async () => count(await one(options, from, to))));
      } else {
        report(from, 'is no file, folder or link; it was left out');
      }
    }
  }

  async function below(source: string, target: Path): Promise<void> {
    await attempt(source, async () => {
      if (await ensureFolder(options, target)) tally.folders += 1;
      await folder(source, target);
    });
  }

  function place(target: Path, text: string, taken: Set<string>, from: string): Path | undefined {
    const name = newName(parseName(text));
    if (taken.has(name)) {
      report(from, 'has the same name as another file here but for its Unicode form; it was left out');
      return undefined;
    }
    taken.add(name);
    return [...target, name];
  }

  /** What concerns one file is reported; what concerns all (no space, a store that is gone) ends the import. */
  async function attempt(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isStoreError(error, 'no-space', 'unavailable', 'internal') || !(error instanceof Error))
        throw error;
      report(path, error.message);
    }
  }

  for (let depth = 2; depth <= options.target.length; depth++) {
    if (await ensureFolder(options, options.target.slice(0, depth))) tally.folders += 1;
  }
  try {
    await folder(options.source, options.target);
  } finally {
    await pool.idle();
  }
  return tally;
}

async function ensureFolder(options: ImportOptions, path: Path): Promise<boolean> {
  const { workspace } = options;
  try {
    const entry = await workspace.stat({ path });
    if (entry.kind === 'folder') return false;
    throw new Error(`${path.slice(1).join('/')} is a file in the home; move it away and run again`);
  } catch (error) {
    if (!isStoreError(error, 'not-found')) throw error;
  }
  if (!options.dryRun) await workspace.mkdir({ path });
  return true;
}

/** In order, so that two runs do the same; names that are no UTF-8 are reported and left out. */
async function namesOf(
  folder: string,
  report: (path: string, message: string) => void,
): Promise<readonly Dirent[]> {
  const raw = await readdir(folder, { encoding: 'buffer', withFileTypes: true });
  for (const entry of raw) {
    if (isUtf8(entry.name)) continue;
    report(join(folder, entry.name.toString('latin1')), 'has a name that is not UTF-8; it was left out');
  }
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        !entry.name.includes('\ufffd') || raw.some((one) => one.name.equals(Buffer.from(entry.name))),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** At most `most` at once; the first failure is thrown by the next `run`, or by `idle`. */
function lanesOf(most: number) {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  return {
    run: async (work: () => Promise<void>) => {
      if (failure !== undefined) throw failure.error;
      const one = work()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(one));
      running.add(one);
      if (running.size >= most) await Promise.race(running);
    },
    idle: async () => {
      await Promise.all(running);
      if (failure !== undefined) throw failure.error;
    },
  };
}
