import type { Command } from 'commander';
import { check } from '../workspace/fsck.ts';
import { Exit, exitCodes } from './exit.ts';
import { type StoreFlags, storeCommand, withHouse } from './house.ts';
import { output, progress } from './output.ts';

interface FsckFlags extends StoreFlags {
  readonly deep?: boolean;
  readonly repair?: boolean;
}

export function fsckCommand(): Command {
  return storeCommand('fsck')
    .description('hold every file against its bytes, and say what to do where they differ')
    .option('--deep', 'read every byte and compare hashes, not sizes alone')
    .option('--repair', 'count anew what can be counted: usage and folder versions')
    .addHelpText(
      'after',
      '\nIt may run while serving. Exit code 0: clean; 1: something is wrong, a line for each.\n\nExample:\n  hearth fsck --deep --json > problems.json',
    )
    .action(fsck);
}

function fsck(flags: FsckFlags): Promise<void> {
  return withHouse(flags, async ({ catalog, blobs }) => {
    const out = output(flags);
    const line = progress(out);
    const repaired = flags.repair === true ? await catalog.upkeep.repair() : [];
    for (const mended of repaired) out.note(`repaired: ${mended}`);
    const problems = [];
    let files = 0;
    const onProgress = (seen: number) => {
      files = seen;
      line.show(`${seen} files checked, ${problems.length} problems`);
    };
    for await (const problem of check({ catalog, blobs, deep: flags.deep === true, onProgress })) {
      line.end();
      if (!out.json) process.stdout.write(`${problem.kind}: ${problem.message}\n`);
      problems.push(problem);
    }
    line.end();
    const clean = problems.length === 0;
    const summary = clean
      ? `${files} files checked; clean.`
      : `${files} files checked; ${problems.length} problems.`;
    out.result({ files, clean, problems, repaired }, summary);
    if (!clean) throw new Exit(exitCodes.failed);
  });
}
