import { anyOf } from '../auth/any-of.ts';
import type { ForeignContext } from '../auth/foreign-token.ts';
import { girderCredentials } from '../auth/girder.ts';
import { remoteGirder } from '../auth/girder-remote.ts';
import { jupyterHubTokens } from '../auth/jupyterhub.ts';
import type { Authenticator, GirderCredentials } from '../core/contracts.ts';
import type { Config } from './schema.ts';

export interface PlatformTokensContext extends ForeignContext {
  /** What the catalog's database has of a Girder. */
  readonly girder: GirderCredentials | undefined;
}

type Configured = Pick<Config['identity'], 'jupyterhubs' | 'girder'>;

/**
 * Tokens that the platform issues. Girder first: what its credentials look like is narrower than what a hub's may be
 * configured to look like.
 */
export function platformTokens(
  { jupyterhubs, girder }: Configured,
  { girder: credentials, ...context }: PlatformTokensContext,
): readonly Authenticator[] {
  const girders: Authenticator[] = [];
  if (girder.shared && credentials !== undefined) girders.push(girderCredentials(credentials));
  const { url } = girder;
  if (url !== null) girders.push(remoteGirder({ ...girder, ...asked(url, girder), ...context }));
  const hubs = jupyterhubs.map((hub) => jupyterHubTokens({ ...hub, ...asked(hub.url, hub), ...context }));
  return [girders, hubs].filter((alike) => alike.length > 0).map(anyOf);
}

type Asked = Pick<Config['identity']['girder'], 'id' | 'cacheFor' | 'staleFor' | 'accounts'>;

/** A service without an id is known by its URL. */
function asked(url: string, { id, cacheFor, staleFor, accounts }: Asked) {
  return { url, id: id ?? url, fresh: cacheFor, stale: staleFor, rules: accounts };
}
