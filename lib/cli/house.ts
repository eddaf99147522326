import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { compose, type House } from '../app/compose.ts';
import { loadConfig } from '../app/config.ts';
import { readEnvironment } from '../app/env.ts';
import { localPath } from '../app/registry.ts';
import type { Config } from '../app/schema.ts';
import type { Workspace } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { User } from '../core/values.ts';

/** What every command takes. */
export interface StoreFlags {
  readonly data?: string;
  readonly catalog?: string;
  readonly blobs?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** A command with the options that all of them share. */
export function storeCommand(name: string): Command {
  return new Command(name)
    .option('--data <dir>', 'folder of the installation: catalog, blobs, key (HEARTH_DATA)')
    .option('--catalog <url>', 'names and metadata, e.g. sqlite:/srv/hearth/catalog.sqlite (HEARTH_CATALOG)')
    .option('--blobs <url>', 'bytes, e.g. file:/srv/hearth/blobs (HEARTH_BLOBS)')
    .option('--config <file>', 'configuration file, or "production" (HEARTH_CONFIG)')
    .option('--json', 'print the result as JSON');
}

export function configFor(
  flags: StoreFlags,
  others: Readonly<Record<string, unknown>> = {},
): Promise<Config> {
  const { data, catalog, blobs, config } = flags;
  return loadConfig({
    env: readEnvironment(process.env),
    flags: { data, catalog, blobs, ...others },
    ...(config === undefined ? {} : { file: config }),
  });
}

/** Opens the stores, does the work, closes them. Where nothing was ever stored it refuses, unless `create`. */
export async function withHouse<T>(
  flags: StoreFlags,
  work: (house: House) => Promise<T>,
  options: { readonly create?: boolean } = {},
): Promise<T> {
  const config = await configFor(flags);
  const file = localPath(config.catalog);
  if (options.create !== true && file !== undefined && !existsSync(file)) {
    const message = `There is no Hearth at ${file}. Name its folder with --data DIR, or start one: hearth serve --data DIR`;
    throw new StoreError('not-found', { message });
  }
  const { secret } = readEnvironment(process.env);
  const house = await compose(config, { secret, doors: false });
  try {
    return await work(house);
  } finally {
    await house.close();
  }
}

export async function userOf(house: House, login: string): Promise<User> {
  const user = await house.catalog.accounts.user(login);
  if (user !== undefined) return user;
  const message = `There is no user ${login}; "hearth user list" shows those there are.`;
  throw new StoreError('not-found', { message });
}

/** The home as its owner sees it, for the one who runs the server. */
export function workspaceOf(house: House, user: User): Workspace {
  return house.workspaces.open({
    user: user.id,
    login: user.login,
    admin: user.admin,
    home: user.home,
    write: true,
    root: null,
    credential: 'command',
  });
}
