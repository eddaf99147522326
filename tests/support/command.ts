import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environment, plainly } from './environment.ts';

const hearth = fileURLToPath(new URL('../../bin/hearth.ts', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `hearth ARGS` to its end, as a user would. */
export function runCommand(
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const env = environment(options.env);
  const child = spawn(...plainly(process.execPath, [hearth, ...args]), { stdio: 'pipe', env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, stdout, stderr }));
  child.stdin.end(options.input ?? '');
  return promise;
}
