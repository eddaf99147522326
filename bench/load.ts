import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './peers/process.ts';

export interface Load {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Replies that were not 2xx or 3xx. */
  readonly refused: number;
}

export interface LoadRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * A name of its own for every request, after the address: `<prefix><thread>-<count>`; and a body of its own, so that
   * no store knows it already: the count stands in its first twelve characters.
   */
  readonly unique?: string;
  /** After so many names the first comes again. */
  readonly among?: number;
  readonly seconds: number;
  readonly clients?: number;
}

/** A Lua string of any text. */
const lua = (text: string | Uint8Array) =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

function script({ method, url, authorization, headers = {}, body, unique, among }: LoadRequest): string {
  const all = { ...headers, ...(authorization === undefined ? {} : { Authorization: authorization }) };
  const lines = [
    `wrk.method = ${lua(method)}`,
    ...Object.entries(all).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`),
    ...(body === undefined ? [] : [`wrk.body = ${lua(body)}`]),
  ];
  if (unique !== undefined) {
    const path = `${new URL(url).pathname}/${unique}`;
    const name = among === undefined ? 'count' : `count % ${among}`;
    const own =
      body === undefined ? 'nil' : `string.format("%012d", count) .. ${lua(Buffer.from(body).subarray(12))}`;
    lines.push(
      'local threads = 0',
      'function setup(thread) thread:set("id", threads); threads = threads + 1 end',
      'local count = 0',
      'function request()',
      '  count = count + 1',
      `  return wrk.format(nil, ${lua(path)} .. id .. "-" .. ${name}, nil, ${own})`,
      'end',
    );
  }
  return `${lines.join('\n')}\n`;
}

const scale: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function percentile(output: string, which: number): number {
  const found = new RegExp(`^\\s+${which}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(output);
  return found === null ? Number.NaN : Number(found[1]) * (scale[found[2] ?? ''] ?? Number.NaN);
}

/** `wrk` with keep-alive, one thread: the box is shared with the server. */
export async function load(dir: string, request: LoadRequest): Promise<Load> {
  const file = join(dir, 'load.lua');
  await writeFile(file, script(request));
  const { clients = 8, seconds, url } = request;
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '30s', '--latency', '-s', file, url];
  const { stdout } = await run('wrk', args, { timeout: (seconds + 60) * 1000 });
  const rate = Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]);
  const errors = /Socket errors: .*/.exec(stdout)?.[0];
  if (!(rate > 0)) throw new Error(`${request.method} ${url}: wrk got nothing:\n${stdout}`);
  if (errors !== undefined) console.error(`${request.method} ${url}: ${errors}`);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  return { rate, p50: percentile(stdout, 50), p99: percentile(stdout, 99), refused };
}
