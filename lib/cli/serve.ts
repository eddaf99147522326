import { type Command, Option } from 'commander';
import { storeCommand } from './house.ts';
import type { ServeFlags } from './serve-flags.ts';

export function serveCommand(): Command {
  return storeCommand('serve')
    .description('serve the homes over WebDAV; the first start makes a user and prints how to mount')
    .option('--host <address>', 'where to listen (default: 127.0.0.1, this machine only)')
    .option('--port <number>', 'default: 8080; 0 takes a free one')
    .addOption(
      new Option(
        '--durability <promise>',
        'full (default): what was acknowledged survives power loss; relaxed: a crash of Hearth',
      ).choices(['full', 'relaxed']),
    )
    .option('--tls-cert <file>', 'serve https with this certificate chain (PEM); read anew on SIGHUP')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--workers <number>', 'processes that share the port (default: 1)')
    .addHelpText(
      'after',
      `
SIGTERM or Ctrl-C stops it gracefully: requests under way are finished first. A second one ends it at once.

Examples:
  hearth serve
  hearth serve --data /srv/hearth --port 8443 --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
  hearth serve --config /etc/hearth.json --workers 4`,
    )
    .action(async (flags: ServeFlags) => {
      // Only this command needs the doors: the others start without loading them.
      const { runServe } = await import('./serve-run.ts');
      await runServe(flags);
    });
}
