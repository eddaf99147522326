import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import type { Peer } from './peers/peer.ts';
import { surroundings } from './versions.ts';
import { type Bar, median, type Sample, type Work } from './work/work.ts';

export interface Result {
  readonly work: Work;
  /** By the key of the peer. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly failures: readonly string[];
  /** Rounds that every peer should have had. */
  readonly rounds: number;
}

export interface ReportOptions {
  /** Which part of the results it is. */
  readonly suite: string;
  readonly only?: string | undefined;
  readonly peers?: string | undefined;
  readonly quick: boolean;
  readonly rounds: string;
  readonly remark?: string | undefined;
  readonly minutes: number;
  /** Titles of the works that the time was over for. */
  readonly leftOut: readonly string[];
}

function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function medianOf({ samples }: Result, key: string, metric: string): number {
  return median((samples.get(key) ?? []).map((sample) => sample[metric] ?? Number.NaN));
}

function compared(result: Result, { metric, against, peer = 'hearth' }: Bar): number {
  if (typeof against === 'number') return against;
  if (typeof against === 'string') return medianOf(result, against, metric);
  if ('own' in against) return medianOf(result, peer, against.own);
  return Math.max(...against.best.map((key) => medianOf(result, key, metric)).filter((value) => value > 0));
}

interface Verdict {
  readonly text: string;
  readonly measured: string;
  readonly bar: string;
  /** Measured to bar; better than 1 is above it for rates, below it for times. */
  readonly ratio: string;
  readonly verdict: string;
}

function judged(result: Result, bar: Bar): Verdict {
  const { metric, times, sense, aim = false, peer = 'hearth' } = bar;
  const measured = medianOf(result, peer, metric);
  const limit = times * compared(result, bar);
  const ratio = measured / limit;
  const held = sense === 'at most' ? measured <= limit : measured >= limit;
  const unit = result.work.metrics[metric]?.unit ?? '';
  const verdict = Number.isNaN(ratio) ? 'not measured' : held ? 'pass' : aim ? 'aim missed' : '**MISS**';
  return {
    text: `${bar.text}${aim ? ' (aim)' : ''}`,
    measured: `${figure(measured)} ${unit}`.trim(),
    bar: `${sense} ${figure(limit)} ${unit}`.trim(),
    ratio: figure(ratio),
    verdict,
  };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, n) => (n === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function section(result: Result, peers: readonly Peer[]): string {
  const { work, samples, failures, rounds } = result;
  const metrics = Object.entries(work.metrics);
  const head = ['', ...metrics.map(([, { label, unit }]) => (unit === '' ? label : `${label}, ${unit}`))];
  const rows = peers
    .filter(({ key }) => samples.has(key))
    .map(({ key, name }) => [name, ...metrics.map(([metric]) => figure(medianOf(result, key, metric)))]);
  const bars = work.bars.map((bar) => Object.values(judged(result, bar)) as readonly string[]);
  const short = peers
    .filter(({ key }) => (samples.get(key)?.length ?? rounds) < rounds)
    .map(({ key, name }) => `${name} ${samples.get(key)?.length}`);
  return [
    `### ${work.title}`,
    table(head, rows),
    ...(bars.length === 0 ? [] : [table(['bar', 'Hearth', 'limit', 'ratio', ''], bars)]),
    ...(work.note === undefined ? [] : [work.note]),
    ...(short.length === 0 ? [] : [`Fewer than ${rounds} rounds: ${short.join(', ')}.`]),
    ...(failures.length === 0 ? [] : [`Failed:\n\n${failures.map((line) => `- ${line}`).join('\n')}`]),
  ].join('\n\n');
}

/** Prints all; only a whole run is written down. */
export async function report(
  results: readonly Result[],
  peers: readonly Peer[],
  options: ReportOptions,
): Promise<void> {
  const file = new URL('RESULTS.md', import.meta.url);
  const mark = options.suite === 'peers' ? 'results' : options.suite;
  const [start, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const flags = [
    ...(options.suite === 'peers' ? [] : ['--suite', options.suite]),
    ...(options.only === undefined ? [] : ['--only', options.only]),
    ...(options.peers === undefined ? [] : ['--peers', options.peers]),
    ...(options.rounds === '3' ? [] : ['--rounds', options.rounds]),
    ...(options.quick ? ['--quick'] : []),
  ];
  const command = `npm run bench${flags.length === 0 ? '' : ` -- ${flags.join(' ')}`}`;
  const used = peers.filter(({ key }) => results.some(({ samples }) => samples.has(key)));
  const text = [
    `Measured ${new Date().toISOString().slice(0, 10)} by \`${command}\`, medians of ${options.rounds} rounds (of fewer where one is long), ` +
      `${Math.round(options.minutes)} minutes; load average at the end ${figure(loadavg()[1])}.`,
    ...(options.remark === undefined ? [] : [options.remark]),
    ...(await surroundings()),
    table(
      ['peer', 'what a reply to PUT promises'],
      used.map(({ name, durability }) => [name, durability]),
    ),
    ...results.map((result) => section(result, used)),
    ...(options.leftOut.length === 0
      ? []
      : [`Not measured, the time was over:\n\n${options.leftOut.map((title) => `- ${title}`).join('\n')}`]),
  ].join('\n\n');
  console.log(`\n${text}`);
  if (options.only !== undefined || options.peers !== undefined || options.quick) return;
  const before = await readFile(file, 'utf8');
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`RESULTS.md has no ${start} and ${end}`);
  await writeFile(file, `${before.slice(0, from)}${start}\n\n${text}\n\n${before.slice(to)}`);
}
