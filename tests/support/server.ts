import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.ts';
import { environment, plainly } from './environment.ts';
import { testStore } from './store.ts';

const hearth = fileURLToPath(new URL('../../bin/hearth.ts', import.meta.url));

export interface TestServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly login: string;
  /** An app password that may write. */
  readonly token: string;
  readonly dataDir: string;
  readonly pid: number;
  /** What a command needs in its environment to work on the same catalog. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that was logged since the start. */
  log(): string;
  /** SIGTERM, and the data folder goes (unless it was given); the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL to the server and its workers. */
  kill9(): Promise<void>;
  /** Starts again on the same data folder and the same port. */
  restart(): Promise<void>;
}

export interface TestServerOptions {
  readonly login?: string;
  readonly dataDir?: string;
  /** The URL of an empty catalog; else one of its own, as `store.ts` says. */
  readonly catalog?: string;
  /** Further flags of `hearth serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function secret(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await runCommand(args, { env });
  if (code !== 0) throw new Error(`hearth ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** `hearth serve` as a child process, with a user and a token made by its commands. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const made = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'hearth-server-')) : undefined;
  const dataDir = options.dataDir ?? join(made ?? '', 'data');
  const login = options.login ?? 'ada1';
  await mkdir(dataDir, { recursive: true });
  const store = options.catalog === undefined ? await testStore(dataDir) : undefined;
  const env = { HEARTH_CATALOG: options.catalog ?? store?.url ?? '' };
  await secret(['user', 'add', login, '--data', dataDir], env);
  const token = await secret(['token', 'create', login, '--data', dataDir], env);
  let child: ChildProcess | undefined;
  let url = '';
  let log = '';

  async function start(port: string): Promise<void> {
    const args = ['serve', '--json', '--port', port, '--data', dataDir, ...(options.args ?? [])];
    // A group of its own, so that a kill takes the workers along.
    const started = spawn(...plainly(process.execPath, [hearth, ...args]), {
      env: environment({ ...env, ...options.env }),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child = started;
    let text = '';
    started.stderr.setEncoding('utf8').on('data', (part: string) => {
      log += part;
    });
    const ended = once(started, 'close');
    started.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    while (!text.includes('\n')) {
      const how = await Promise.race([ended, once(started.stdout, 'data').then(() => undefined)]);
      if (how !== undefined) throw new Error(`hearth serve ended with ${how[0]}:\n${log}`);
    }
    url = (JSON.parse(text) as { url: string }).url;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const running = child;
    child = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return running?.exitCode ?? null;
    const closed = once(running, 'close');
    process.kill(signal === 'SIGKILL' ? -running.pid : running.pid, signal);
    const [code] = await closed;
    return code as number | null;
  }

  process.once('exit', () => {
    if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  });
  await start('0');
  return {
    get url() {
      return url;
    },
    login,
    token,
    dataDir,
    env,
    get pid() {
      return child?.pid ?? 0;
    },
    log: () => log,
    stop: async () => {
      const code = await end('SIGTERM');
      await store?.drop();
      if (made !== undefined) await rm(made, { recursive: true, force: true });
      return code;
    },
    kill9: async () => {
      await end('SIGKILL');
    },
    restart: async () => {
      await end('SIGTERM');
      await start(new URL(url).port);
    },
  };
}
