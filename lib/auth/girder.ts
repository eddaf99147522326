import type { Authenticator, Credential, GirderCredentials } from '../core/contracts.ts';
import type { Principal } from '../core/values.ts';
import { admit, type Rights } from './attestation.ts';
import { refused } from './credential.ts';

/** What Girder is to be asked: about a session token or about an API key. */
export interface GirderSecret {
  readonly kind: 'token' | 'key';
  readonly secret: string;
}

/** Letters and digits at random (`genToken`), 64 of a token, 40 of an API key; all hexadecimal is some other token. */
const shapes = { token: /^[A-Za-z0-9]{64}$/, key: /^[A-Za-z0-9]{40}$/ } as const;
const hexadecimal = /^[0-9a-f]+$/i;

/** `token:…` or `key:…` says which it is, where it is given; otherwise its length does. */
export function girderSecret(credential: Credential): GirderSecret | undefined {
  const text = credential.kind === 'token' ? credential.token : credential.password;
  const [, form, secret = ''] = /^(?:(token|key):)?([A-Za-z0-9]+)$/.exec(text) ?? [];
  if (hexadecimal.test(secret)) return undefined;
  for (const kind of ['token', 'key'] as const) {
    if ((form === undefined || form === kind) && shapes[kind].test(secret)) return { kind, secret };
  }
  return undefined;
}

/**
 * What Girder's scopes say about a workspace; null: all of the user's rights. Writing without reading is not to be had
 * in a workspace, so that it counts as nothing rather than as more than was granted.
 */
export function girderRights(scope: readonly string[] | null): Rights {
  if (scope === null || scope.includes('core.user_auth')) return 'all';
  if (!scope.includes('core.data.read')) return 'none';
  return scope.includes('core.data.write') ? 'write' : 'read';
}

export const girderLacking =
  'This Girder credential lacks a scope: core.user_auth, or core.data.read (with core.data.write to change things, ' +
  'and with core.user_info.read where this server asks a Girder elsewhere).';

/** Tokens and API keys that a Girder keeps in the database of the catalog: one look-up for each request. */
export function girderCredentials(credentials: GirderCredentials): Authenticator {
  async function authenticate(credential: Credential, now: number): Promise<Principal | undefined> {
    const asked = girderSecret(credential);
    if (asked === undefined) return undefined;
    const { kind, secret } = asked;
    const found = await (kind === 'token' ? credentials.token(secret) : credentials.apiKey(secret));
    if (found === undefined) throw refused();
    const rights = girderRights(found.scope);
    const expires = found.expires ?? Number.POSITIVE_INFINITY;
    const access = { credential, rights, expires, lacking: girderLacking, name: `girder:${found.id}` };
    return admit({ ...access, user: async () => found.user }, now);
  }
  return { authenticate };
}
