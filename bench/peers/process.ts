import { type ChildProcess, type ExecFileOptions, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const executed = promisify(execFile);
const programs = new Set<ChildProcess>();

/** A program to its end, killed with this process. */
export function run(
  command: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const done = executed(command, args, { ...options, encoding: 'utf8' });
  programs.add(done.child);
  return done.finally(() => programs.delete(done.child));
}

// Servers lie where only root looks.
process.env.PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

const children = new Set<ChildProcess>();

/** Nothing that was started here outlives this process. */
export function killAll(): void {
  for (const program of programs) program.kill('SIGKILL');
  for (const child of children) signal(child, 'SIGKILL');
}

/** To the whole group: every child leads one of its own. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** In the background, its standard error (and output, unless `pipe`) to a log in `dir`. */
export function launch(dir: string, command: string, args: readonly string[], pipe = false): Child {
  const log = openSync(join(dir, 'stderr.log'), 'a');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', pipe ? 'pipe' : log, log] });
  children.add(child);
  child.once('error', ({ message }) => appendFileSync(join(dir, 'stderr.log'), `${message}\n`));
  // A program that is not there ends with 'error' alone.
  const closed = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error']) child.once(event, () => resolve());
  });
  closed.then(() => children.delete(child));
  return {
    pid: child.pid ?? 0,
    process: child,
    stop: async () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(child.pid, 'SIGTERM');
        const late = new AbortController();
        await Promise.race([closed, sleep(10_000, undefined, { signal: late.signal })]);
        late.abort();
      }
      signal(child, 'SIGKILL');
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Until the port answers; the log of the peer tells why when it never does. */
export async function answers(port: number, dir: string): Promise<void> {
  for (let n = 0; n < 200; n++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens:\n${await readFile(join(dir, 'stderr.log'), 'utf8')}`);
}

/** `dir/files` with what the seed holds. */
export async function filesFolder(dir: string, seed: string | undefined): Promise<string> {
  const files = join(dir, 'files');
  await mkdir(files, { recursive: true });
  if (seed !== undefined) await run('cp', ['-r', `${seed}/.`, files]);
  return files;
}

/** The user that servers started by root turn into. */
export const serviceUser = 'www-data';
export const asRoot = process.getuid?.() === 0;

export async function giveAway(dir: string): Promise<void> {
  if (!asRoot) return;
  await chmod(dir, 0o755);
  await chmod(dirname(dir), 0o755);
  const { stdout } = await run('id', ['-u', serviceUser]);
  await chown(dir, Number(stdout), Number(stdout));
  await run('chown', ['-R', `${serviceUser}:`, dir]);
}
