import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packageRoot } from '../../lib/app/package-root.ts';
import { plainly } from '../support/environment.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly first: { readonly login: string; readonly password: string } | null;
  stdout(): string;
  stderr(): string;
  /** Sends a signal (SIGTERM) and waits for the end; the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A folder of its own for a test, and `hearth` as a child process in it. */
export async function installation(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-cli-'));
  const data = join(folder, 'data');
  const children: ChildProcess[] = [];
  t.after(async () => {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(...plainly(process.execPath, [join(packageRoot, 'bin', 'hearth.ts'), ...args]), {
      env: { PATH: process.env.PATH ?? '', HOME: folder, HEARTH_DATA: data, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.stderr += text;
    });
    return { child, texts };
  }

  async function hearth(...args: string[]): Promise<Ran> {
    const { child, texts } = start(args);
    const [code] = await once(child, 'close');
    return { code, ...texts };
  }

  /** The result of a command with `--json`; fails the test when the command fails. */
  async function json(...args: string[]) {
    const ran = await hearth(...args, '--json');
    if (ran.code !== 0) throw new Error(`hearth ${args.join(' ')}: ${ran.code}\n${ran.stderr}`);
    return JSON.parse(ran.stdout);
  }

  async function serve(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Serving> {
    const { child, texts } = start(['serve', '--port', '0', '--json', ...args], env);
    const closed = once(child, 'close');
    while (!texts.stdout.includes('\n')) {
      const ended = await Promise.race([closed, once(child.stdout, 'data').then(() => undefined)]);
      if (ended !== undefined) throw new Error(`hearth serve ended with ${ended[0]}\n${texts.stderr}`);
    }
    const { url, first } = JSON.parse(texts.stdout);
    return {
      child,
      url,
      first,
      stdout: () => texts.stdout,
      stderr: () => texts.stderr,
      stop: async (signal = 'SIGTERM') => {
        child.kill(signal);
        const [code] = await closed;
        return code;
      },
    };
  }

  return { folder, data, hearth, json, serve, start };
}

export function basic(login: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}` };
}
