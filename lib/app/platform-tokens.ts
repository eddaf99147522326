import type { KeyObject } from 'node:crypto';
import { anyOf } from '../auth/any-of.ts';
import type { IdentityToUser } from '../auth/foreign-token.ts';
import { girderCredentials } from '../auth/girder.ts';
import { remoteGirder } from '../auth/girder-remote.ts';
import { jupyterHubTokens } from '../auth/jupyterhub.ts';
import type { Authenticator, GirderCredentials } from '../core/contracts.ts';
import type { Config } from './schema.ts';

export interface PlatformTokenOptions {
  /** What the catalog's database has of a Girder. */
  readonly girder: GirderCredentials | undefined;
  readonly identityToUser: IdentityToUser;
  readonly key: KeyObject;
  readonly onError?: ((error: unknown) => void) | undefined;
}

type Configured = Pick<Config['identity'], 'jupyterhubs' | 'girder'>;

/**
 * Tokens that the platform issues. Girder first: what its credentials look like is narrower than what a hub's may be
 * configured to look like.
 */
export function platformTokens(
  { jupyterhubs, girder }: Configured,
  options: PlatformTokenOptions,
): readonly Authenticator[] {
  const { identityToUser, key, onError } = options;
  const shared = { identityToUser, key, ...(onError === undefined ? {} : { onError }) };
  const girders: Authenticator[] = [];
  if (girder.shared && options.girder !== undefined) girders.push(girderCredentials(options.girder));
  const { url } = girder;
  if (url !== null) girders.push(remoteGirder({ ...girder, ...shared, ...named(url, girder) }));
  const hubs = jupyterhubs.map((hub) => jupyterHubTokens({ ...hub, ...shared, ...named(hub.url, hub) }));
  return [girders, hubs].filter((alike) => alike.length > 0).map(anyOf);
}

/** A service without an id is known by its URL. */
function named(
  url: string,
  given: { readonly id: string | null; readonly cacheFor: number; readonly staleFor: number },
) {
  return { url, id: given.id ?? url, fresh: given.cacheFor, stale: given.staleFor };
}
