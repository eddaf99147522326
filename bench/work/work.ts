import type { Running } from '../peers/peer.ts';

/** One started peer, all rounds long. */
export interface Site extends Running {
  readonly key: string;
  /** For scripts and bodies of this site's load. */
  readonly scratch: string;
}

export interface Metric {
  readonly label: string;
  readonly unit: 'ms' | 's' | '/s' | 'MB/s' | 'MiB' | '';
}

export interface Bar {
  readonly text: string;
  readonly metric: string;
  /** Which peer is held to it; `hearth` where it is not said. */
  readonly peer?: string;
  /** Another peer's figure, another metric of its own, the best rate of some peers, or a number. */
  readonly against: string | number | { readonly own: string } | { readonly best: readonly string[] };
  /** Of which at most or at least this many times. */
  readonly times: number;
  readonly sense: 'at most' | 'at least';
  /** An aim is reported and never a miss. */
  readonly aim?: boolean;
}

export type Sample = Readonly<Record<string, number>>;

export interface Options {
  readonly quick: boolean;
  /** A folder for what the work makes, gone afterwards. */
  readonly dir: string;
}

export interface Work {
  readonly key: string;
  readonly title: string;
  /** Peers of the default run; `--peers` overrules. */
  readonly peers: readonly string[];
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly bars: readonly Bar[];
  /** At most so many rounds, where one is long. */
  readonly rounds?: number;
  /** For the reader of the figures. */
  readonly note?: string;
  /** Makes what the work needs; a folder of files that every peer has from the start, where it returns one. */
  seed?(options: Options): Promise<string | undefined>;
  prepare?(site: Site, options: Options): Promise<void>;
  round(site: Site, round: number, options: Options): Promise<Sample>;
}

export const served = ['apache', 'nginx', 'lighttpd', 'rclone', 'webdav-server', 'over-workspace'];
export const hearths = ['hearth', 'hearth-full', 'hearth-two'];
export const hearthMongos = ['hearth-mongo-one', 'hearth-mongo'];

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
