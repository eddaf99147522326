import type { Command } from 'commander';
import { collect, sweepStages } from '../app/maintenance.ts';
import { formatSize, parseDuration } from '../app/units.ts';
import { usageError } from './exit.ts';
import { type StoreFlags, storeCommand, withHouse } from './house.ts';
import { output, progress } from './output.ts';

interface GcFlags extends StoreFlags {
  readonly dryRun?: boolean;
  readonly youngerThan?: string;
}

export function gcCommand(): Command {
  return storeCommand('gc')
    .description('remove bytes that no file, trash or upload uses; safe while serving')
    .option('--dry-run', 'only count them')
    .option(
      '--younger-than <duration>',
      'spare bytes stored more recently (default: upkeep.collectOlderThan)',
    )
    .addHelpText(
      'after',
      '\nA running server does this by itself. While a backup runs nothing is removed.\n\nExamples:\n  hearth gc --dry-run\n  hearth gc --younger-than 1h',
    )
    .action(gc);
}

function gc(flags: GcFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const given = flags.youngerThan;
    const youngerThan = given === undefined ? house.config.upkeep.collectOlderThan : parseDuration(given);
    if (youngerThan === undefined)
      throw usageError(`${JSON.stringify(given)} is no duration; write 24h or 30m.`);
    const out = output(flags);
    const line = progress(out);
    const dryRun = flags.dryRun === true;
    const report = await collect(house, {
      youngerThan,
      dryRun,
      onProgress: ({ seen, removed }) => line.show(`${seen} blobs seen, ${removed} unused`),
    });
    line.end();
    const stages = dryRun ? 0 : await sweepStages(house);
    const done = dryRun ? 'could be removed' : 'removed';
    const text = `${report.seen} blobs seen; ${report.removed} ${done} (${formatSize(report.bytes)}); ${stages} abandoned uploads removed.`;
    out.result({ ...report, stages, dryRun }, text);
  });
}
