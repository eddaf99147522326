import type { Command } from 'commander';
import { backup } from '../app/backup.ts';
import { formatSize } from '../app/units.ts';
import { type StoreFlags, storeCommand, withHouse } from './house.ts';
import { output, progress } from './output.ts';

export function backupCommand(): Command {
  return storeCommand('backup')
    .description('copy the whole installation into a folder; consistent while serving')
    .argument('<dir>', 'a new folder, or one with an earlier backup: then only what is new is copied')
    .addHelpText(
      'after',
      `
The folder then holds the catalog, the bytes of every file and the key of the installation: keep it as safe as
the installation itself. An interrupted backup leaves the earlier one as it was; run it again.

Examples:
  hearth backup /mnt/backup/hearth
  hearth restore /mnt/backup/hearth --data /srv/hearth-new`,
    )
    .action(run);
}

function run(dir: string, flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const out = output(flags);
    const line = progress(out);
    const report = await backup(house, dir, (now) =>
      line.show(`${now.files} files, ${now.copied} blobs copied (${formatSize(now.bytes)})`),
    );
    line.end();
    const { files, copied, present, bytes } = report;
    const text = `Backed up ${files} files to ${report.folder}: ${copied} blobs copied (${formatSize(bytes)}), ${present} there already.`;
    out.result(report, text);
  });
}
