import { type KeyObject, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { appPasswords } from '../auth/app-password.ts';
import { chain } from '../auth/chain.ts';
import { tokenNames } from '../auth/keyed-hash.ts';
import { linkedAccounts } from '../auth/linked-accounts.ts';
import { serverKey } from '../auth/server-key.ts';
import type { Authenticator, BlobStore, Catalog, Clock, Ids, Workspaces } from '../core/contracts.ts';
import { workspaces } from '../workspace/workspaces.ts';
import { objectIds } from './ids.ts';
import { issuerAuthenticators, issuerSettings } from './issuers.ts';
import type { StoreTimings } from './metrics.ts';
import { type OwnCredentials, ownCredentials } from './own-credentials.ts';
import { validLogin } from './people.ts';
import { platformTokens } from './platform-tokens.ts';
import { localPath, openBlobs, openCatalog } from './registry.ts';
import type { Config } from './schema.ts';

/** Everything that a door or a command stands on. */
export interface House {
  readonly config: Config;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly key: KeyObject;
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly workspaces: Workspaces;
  readonly authenticator: Authenticator;
  readonly credentials: OwnCredentials;
  /** Issuers of OAuth tokens, for who asks where to get one (RFC 9728). */
  readonly issuers: readonly string[];
  close(): Promise<void>;
}

export interface ComposeOptions {
  readonly secret?: string | undefined;
  readonly clock?: Clock;
  /** Told of failures that stop nobody (a last use that could not be written down). */
  readonly onError?: (error: unknown) => void;
  readonly timings?: StoreTimings;
  /** False for a command, where nobody signs in: it then needs no secrets of OAuth clients. */
  readonly doors?: boolean;
}

export async function compose(config: Config, options: ComposeOptions = {}): Promise<House> {
  const clock = options.clock ?? Date.now;
  const ids = objectIds(clock);
  await makeFolders(config);
  const key = await serverKey(config.data, options.secret);
  const issuers = options.doors === false ? [] : await issuerSettings(config.identity.issuers);
  const plainCatalog = await openCatalog(config.catalog, { clock, ids, blobs: config.blobs });
  const plainBlobs = await openBlobs(config.blobs, { clock, ids }).catch(async (error: unknown) => {
    await plainCatalog.close();
    throw error;
  });
  const { onError, timings } = options;
  const catalog = timings?.catalog(plainCatalog) ?? plainCatalog;
  const blobs = timings?.blobs(plainBlobs) ?? plainBlobs;
  const { accounts } = catalog;
  const told = onError === undefined ? {} : { onError };
  const credentials = ownCredentials({ accounts, key, times: config.credentials, ...told });
  const linked = linkedAccounts({ accounts, key, validLogin });
  const foreign = { accounts: linked, nameOf: tokenNames(key), ...told };
  const authenticator = chain([
    appPasswords({ accounts, key, ...told }),
    credentials.mounts,
    ...platformTokens(config.identity, { girder: accounts.girder, ...foreign }),
    // Last: what nobody recognised, an issuer may be asked about.
    ...issuerAuthenticators(issuers, foreign),
  ]);
  return {
    config,
    clock,
    ids,
    key,
    catalog,
    blobs,
    authenticator,
    credentials,
    issuers: issuers.map((one) => one.issuer),
    workspaces: workspaces({
      catalog,
      blobs,
      clock,
      ids,
      uuid: randomUUID,
      durability: config.durability === 'full' ? 'durable' : 'stored',
      inlineLimit: config.limits.inlineBody,
    }),
    close: async () => {
      await catalog.close();
      await blobs.close();
    },
  };
}

/** 0700: what lies in them is for the server alone. */
async function makeFolders(config: Config): Promise<void> {
  const catalog = localPath(config.catalog);
  const folders = [config.data, ...(catalog === undefined ? [] : [dirname(catalog)])];
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
}
