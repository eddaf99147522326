import type { Running } from './peers/peer.ts';
import { run } from './peers/process.ts';

export interface Timed {
  readonly status: number;
  /** Milliseconds, from before the connection was made. */
  readonly firstByte: number;
  readonly total: number;
  /** Bytes of the reply. */
  readonly size: number;
}

const format = '%{http_code} %{time_starttransfer} %{time_total} %{size_download}';

/** One request by curl, its reply thrown away; anything but 2xx is a failure. */
export async function curl(
  site: Running,
  method: string,
  path: string,
  args: readonly string[] = [],
): Promise<Timed> {
  const user = site.authorization === undefined ? [] : ['-u', `${site.login}:${site.password}`];
  const common = ['-s', '-S', '-o', '/dev/null', '-w', format, '--max-time', '300', '-H', 'Expect:'];
  const { stdout } = await run('curl', [...common, ...user, '-X', method, ...args, site.url + path]);
  const [status = 0, first = 0, total = 0, size = 0] = stdout.split(' ').map(Number);
  if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status}`);
  return { status, firstByte: first * 1000, total: total * 1000, size };
}

export const copyHeaders = (site: Running, to: string) => [
  '-H',
  `Destination: ${site.url}${to}`,
  '-H',
  'Overwrite: T',
];
