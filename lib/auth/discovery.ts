import { StoreError } from '../core/error.ts';
import type { Ask } from './ask.ts';
import { isClaims } from './claim.ts';
import { type Kept, kept } from './kept.ts';

/** What an issuer says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). */
export interface Metadata {
  readonly issuer: string;
  readonly jwks: string | null;
  readonly introspection: string | null;
  readonly userinfo: string | null;
}

export interface DiscoveryOptions {
  readonly issuer: string;
  readonly ask: Ask;
  /** Plain http to other machines; without it http is for an issuer on this machine alone. */
  readonly http?: boolean;
  readonly onError?: ((error: unknown) => void) | undefined;
}

const hour = 3_600_000;

export function discovery(options: DiscoveryOptions): Kept<Metadata> {
  return kept({
    load: () => discover(options),
    maxAge: hour,
    staleFor: 7 * 24 * hour,
    cooldown: 30_000,
    retryAfter: 5_000,
    onError: options.onError,
  });
}

/** The name after the issuer's path (OpenID Connect) and before it (RFC 8414 §3.1, §5), each once. */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const [oidc, oauth] = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
  const forms = [path + oidc, oauth + path, oidc + path, path + oauth];
  return [...new Set(forms)].map((form) => origin + form);
}

async function discover({ issuer, ask, http = false }: DiscoveryOptions): Promise<Metadata> {
  assertReachable(issuer, issuer, http);
  for (const url of metadataUrls(issuer)) {
    const { body } = await ask(url);
    if (!isClaims(body)) continue;
    if (body.issuer !== issuer) {
      const message = `${url} is not of the issuer ${issuer}: write identity.issuers as its document does.`;
      throw new StoreError('unavailable', { op: 'discover', message });
    }
    const endpoint = (name: string): string | null => {
      const text = body[name];
      if (typeof text !== 'string') return null;
      assertReachable(text, issuer, http);
      return text;
    };
    return {
      issuer,
      jwks: endpoint('jwks_uri'),
      introspection: endpoint('introspection_endpoint'),
      userinfo: endpoint('userinfo_endpoint'),
    };
  }
  const message = `${issuer} has no discovery document; name its endpoints in identity.issuers.`;
  throw new StoreError('unavailable', { op: 'discover', message });
}

/** `https`; `http` where it is allowed, or where the issuer and the address are of this machine. */
export function assertReachable(url: string, issuer: string, http: boolean): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:') return;
  if (parsed?.protocol === 'http:' && (http || (onLoopback(url) && onLoopback(issuer)))) return;
  const message = `${issuer} wants to be asked at ${JSON.stringify(url.slice(0, 200))}, which is not https; allowHttp of the issuer would allow it.`;
  throw new StoreError('unavailable', { op: 'discover', message });
}

const onLoopback = (url: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname);
