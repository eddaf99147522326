import type { Command } from 'commander';
import { restore } from '../app/restore.ts';
import { formatSize } from '../app/units.ts';
import { configFor, type StoreFlags, storeCommand } from './house.ts';
import { output, progress } from './output.ts';

export function restoreCommand(): Command {
  return storeCommand('restore')
    .description('make an installation from a backup, in an empty data folder')
    .argument('<dir>', 'what "hearth backup" wrote')
    .addHelpText(
      'after',
      '\nEvery byte is compared with its hash on the way.\n\nExample:\n  hearth restore /mnt/backup/hearth --data /srv/hearth\n  hearth serve --data /srv/hearth',
    )
    .action(run);
}

async function run(dir: string, flags: StoreFlags): Promise<void> {
  const config = await configFor(flags);
  const out = output(flags);
  const line = progress(out);
  const report = await restore(config, dir, (now) =>
    line.show(`${now.files} files, ${now.copied} blobs copied (${formatSize(now.bytes)})`),
  );
  line.end();
  const { files, copied, bytes } = report;
  const text = `Restored ${files} files (${copied} blobs, ${formatSize(bytes)}) to ${config.data}; all hashes are right.\nServe it: hearth serve --data ${config.data}`;
  out.result(report, text);
}
