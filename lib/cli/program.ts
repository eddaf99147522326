import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../app/package-root.ts';
import { backupCommand } from './backup.ts';
import { exitCodes, explain } from './exit.ts';
import { fsckCommand } from './fsck.ts';
import { gcCommand } from './gc.ts';
import { importCommand } from './import.ts';
import { restoreCommand } from './restore.ts';
import { serveCommand } from './serve.ts';
import { tokenCommand } from './token.ts';
import { trashCommand } from './trash.ts';
import { userCommand } from './user.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string;
};

export function program(): Command {
  return new Command('hearth')
    .description('One workspace for a researcher: a home over WebDAV that is never lost.')
    .version(version)
    .addCommand(serveCommand())
    .addCommand(userCommand())
    .addCommand(tokenCommand())
    .addCommand(importCommand())
    .addCommand(trashCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(fsckCommand())
    .addCommand(gcCommand())
    .addHelpText(
      'after',
      `
Start here:
  hearth serve                          serve a home on http://127.0.0.1:8080 (the first start makes a user)
  hearth token create LOGIN             an app password for one more device
  hearth COMMAND --help                 options and examples of a command

Exit codes: 0 done; 1 it could not be done, or a check found something; 2 wrong usage or configuration.
Settings come from flags, HEARTH_… variables and a configuration file: docs/configuration.md.`,
    );
}

/** Runs one command line; the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const top = program();
  quietly(top);
  try {
    await top.parseAsync([...argv]);
    return exitCodes.ok;
  } catch (error) {
    const { code, text } = explain(error);
    if (text !== '') process.stderr.write(`${text}\n`);
    return code;
  }
}

/** Commander throws instead of ending the process, in every command below. */
function quietly(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows how it is used)');
  for (const below of command.commands) quietly(below);
}
