import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatSize } from '../app/units.ts';
import { StoreError } from '../core/error.ts';
import { parsePath } from '../core/path.ts';
import { Exit, exitCodes } from './exit.ts';
import { type StoreFlags, storeCommand, userOf, withHouse, workspaceOf } from './house.ts';
import { importTree } from './import-tree.ts';
import { output, progress } from './output.ts';

interface ImportFlags extends StoreFlags {
  readonly user: string;
  readonly to: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

export function importCommand(): Command {
  return storeCommand('import')
    .description('copy an existing folder, or the home of a Whole Tale user, into a home')
    .argument('<dir>')
    .requiredOption('--user <login>', 'whose home')
    .option('--to <path>', 'folder of the home that takes it, made where it is absent', '/')
    .option('--replace', 'write over files of the home whose content differs (default: keep and report them)')
    .option('--dry-run', 'only say what would be done')
    .addHelpText(
      'after',
      `
Each file is verified and appears whole or not at all, so that it may be stopped and run again: what is there
already is skipped. Times and executable bits are kept. Symbolic links are kept as small link files and never
followed; sockets, pipes and devices are reported and left out. Exit code 1: something was left out.

Examples:
  hearth import ~/research --user ada.l --to /research
  hearth import /mnt/homes/a/ada --user ada.l          a Whole Tale home`,
    )
    .action(run);
}

function run(dir: string, flags: ImportFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const source = resolve(dir);
    const found = await stat(source).catch((cause: unknown) => {
      throw new StoreError('not-found', { message: `${source} cannot be read.`, cause });
    });
    if (!found.isDirectory()) throw new StoreError('not-folder', { message: `${source} is no folder.` });
    const workspace = workspaceOf(house, await userOf(house, flags.user));
    const out = output(flags);
    const line = progress(out);
    const summary = await importTree({
      source,
      workspace,
      target: parsePath(`/home/${flags.to}`),
      replace: flags.replace === true,
      dryRun: flags.dryRun === true,
      onProgress: (now) =>
        line.show(`${now.written} written (${formatSize(now.bytes)}), ${now.skipped} there already`),
      onProblem: (problem) => {
        line.end();
        out.note(`${problem.path}: ${problem.message}`);
      },
    });
    line.end();
    const { written, bytes, skipped, folders, problems } = summary;
    const verb = flags.dryRun === true ? 'would be written' : 'written';
    const left = problems.length === 0 ? '' : ` ${problems.length} left out, see above.`;
    const text = `${written} files ${verb} (${formatSize(bytes)}), ${skipped} there already, ${folders} new folders.${left}`;
    out.result(summary, text);
    if (problems.length > 0) throw new Exit(exitCodes.failed);
  });
}
