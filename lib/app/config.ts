import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { StoreError } from '../core/error.ts';
import { type Environment, variables } from './env.ts';
import { packageRoot } from './package-root.ts';
import { type Config, configSchema } from './schema.ts';

export interface ConfigSources {
  readonly env: Environment;
  /** `--config`; wins over HEARTH_CONFIG. */
  readonly file?: string;
  /** By key (`tls.cert`); undefined ones are left out. */
  readonly flags: Readonly<Record<string, unknown>>;
}

type Tree = { [key: string]: unknown };

/** Later ones win: `config/default.json`, the file, the environment, the flags. */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const layers: Tree[] = [await readJson(join(packageRoot, 'config', 'default.json'))];
  const file = sources.file ?? sources.env.config;
  if (file !== undefined) layers.push(await readJson(await findFile(file)));
  layers.push(nested(sources.env.values), nested(sources.flags));
  const merged = layers.reduce(merge, {});
  const outcome = configSchema.safeParse(merged);
  if (!outcome.success) throw unreadable(outcome.error, sources, file);
  const data = resolve(outcome.data.data ?? defaultData());
  return {
    ...outcome.data,
    data,
    catalog: outcome.data.catalog ?? `sqlite:${join(data, 'catalog.sqlite')}`,
    blobs: outcome.data.blobs ?? `file:${join(data, 'blobs')}`,
  };
}

/** Run from its sources, and not installed. */
const checkout = import.meta.url.endsWith('.ts');

/** What to type for a command about this installation. */
export function commandFor(config: Pick<Config, 'data'>, command: string): string {
  const name = checkout ? 'node bin/hearth.mjs' : 'hearth';
  return `${name} ${command}${config.data === defaultData() ? '' : ` --data ${config.data}`}`;
}

/** `data/` beside the sources in a checkout; the place of the user's own data where Hearth is installed. */
function defaultData(): string {
  if (checkout) return join(packageRoot, 'data');
  const base = process.env.XDG_DATA_HOME ?? process.env.LOCALAPPDATA ?? join(homedir(), '.local', 'share');
  return join(base, 'hearth');
}

/** `production` names the file that comes with Hearth. */
async function findFile(name: string): Promise<string> {
  return /^[a-z-]+$/.test(name) ? join(packageRoot, 'config', `${name}.json`) : resolve(name);
}

async function readJson(file: string): Promise<Tree> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new StoreError('invalid', { message: `The configuration ${file} cannot be read.`, cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isTree(value)) return value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('invalid', { message: `The configuration ${file} is not JSON: ${reason}`, cause });
  }
  throw new StoreError('invalid', { message: `The configuration ${file} must hold one JSON object.` });
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(under: Tree, over: Tree): Tree {
  const result = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isTree(value) && isTree(below) ? merge(below, value) : value;
  }
  return result;
}

function nested(values: Readonly<Record<string, unknown>>): Tree {
  let tree: Tree = {};
  for (const [path, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const branch = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    tree = merge(tree, branch as Tree);
  }
  return tree;
}

function unreadable(error: z.ZodError, sources: ConfigSources, file: string | undefined): StoreError {
  const lines = error.issues.flatMap((issue) => {
    const at = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${[at, key].filter(Boolean).join('.')} is not a key of Hearth`);
    }
    return [`${at} ${issue.message}${origin(at, sources, file)}`];
  });
  const message = `The configuration is not usable:\n  ${lines.join('\n  ')}\nEvery key is explained in docs/configuration.md.`;
  return new StoreError('invalid', { message });
}

/** Where a bad value came from, for the message. */
function origin(key: string, sources: ConfigSources, file: string | undefined): string {
  if (sources.flags[key] !== undefined) return ` (given on the command line)`;
  const variable = Object.entries(variables).find(([, target]) => target === key)?.[0];
  if (variable !== undefined && sources.env.values[key] !== undefined) return ` (from ${variable})`;
  return file === undefined ? '' : ` (see ${file})`;
}
