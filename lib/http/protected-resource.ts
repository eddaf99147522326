/** What this server tells OAuth clients of itself (RFC 9728), so that they find their issuer by themselves. */

const wellKnown = '/.well-known/oauth-protected-resource';

export const scopes = ['read', 'write'] as const;

/** Where the description is; undefined where the server does not know its own name. */
export function metadataUrl(origin: string | undefined): string | undefined {
  return origin === undefined ? undefined : `${origin}${wellKnown}`;
}

/** The resource that a path asks about: '' for the server, else a path (§3.1); undefined: it asks about none. */
export function describedBy(path: string): string | undefined {
  if (path === wellKnown) return '';
  return path.startsWith(`${wellKnown}/`) ? path.slice(wellKnown.length) : undefined;
}

export interface ProtectedResource {
  readonly resource: string;
  readonly resource_name: string;
  readonly authorization_servers?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  readonly scopes_supported: readonly string[];
}

export function protectedResource(resource: string, issuers: readonly string[]): ProtectedResource {
  return {
    resource,
    resource_name: 'Hearth',
    ...(issuers.length === 0 ? {} : { authorization_servers: issuers }),
    bearer_methods_supported: ['header'],
    scopes_supported: scopes,
  };
}
