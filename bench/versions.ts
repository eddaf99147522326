import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { run } from './peers/process.ts';

async function version(command: string, args: readonly string[]): Promise<string> {
  // nginx tells on standard error, wrk with exit code 1.
  const told = await run(command, args).catch((error: { stdout?: string; stderr?: string }) => error);
  const found = /\d+\.\d+[\w.-]*/.exec(`${told.stdout ?? ''}${told.stderr ?? ''}`);
  return found === null ? 'absent' : found[0];
}

async function packageVersion(file: string): Promise<string> {
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** What the figures depend on, and no more: nothing that names the machine. */
export async function surroundings(): Promise<readonly string[]> {
  const all = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const versions = {
    Hearth: await packageVersion('../package.json'),
    Node: process.versions.node,
    Apache: await version('apache2', ['-v']),
    nginx: await version('nginx', ['-v']),
    lighttpd: await version('lighttpd', ['-v']),
    rclone: await version('rclone', ['version']),
    'webdav-server': await packageVersion('../node_modules/webdav-server/package.json'),
    wrk: await version('wrk', ['-v']),
    curl: await version('curl', ['--version']),
  };
  return [
    `${all.length} cores, shared by server and load; ${memory} GiB of memory; Linux ${release()}; files on one local disk.`,
    Object.entries(versions)
      .map(([name, text]) => `${name} ${text}`)
      .join(', '),
  ];
}
