import type { Credential } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Principal } from '../core/values.ts';
import { mayEnter, names, principalOf, refused } from './credential.ts';
import type { Identity, Profile } from './identity.ts';
import type { Issuer } from './issuer.ts';
import type { LinkedAccounts } from './linked-accounts.ts';
import type { TokenHash } from './token-memory.ts';

export interface Admission {
  readonly issuer: Issuer;
  readonly accounts: LinkedAccounts;
  readonly credential: Credential;
  readonly hash: TokenHash;
  readonly now: number;
  /** What else can be asked about a newcomer whose token names no login. */
  readonly profile: () => Promise<Profile | undefined>;
}

/**
 * The principal of a checked token: its user, asked for anew, with the rights that the token gives. Throws `denied`
 * where the token gives none (RFC 6750 §3.1, `insufficient_scope`).
 */
export async function admit(identity: Identity, admission: Admission): Promise<Principal> {
  const { issuer, accounts, credential, hash, now } = admission;
  const { settings, host } = issuer;
  if (identity.expires <= now) throw refused();
  const profile = async () =>
    identity.profile.logins.length > 0 ? identity.profile : ((await admission.profile()) ?? identity.profile);
  const user = await accounts.userOf(identity, settings.accounts, now, profile);
  if (credential.kind === 'basic' && !names(credential.login, user)) throw refused();
  if (!mayEnter(user)) throw refused();
  if (!identity.read) {
    const wanted = [...(settings.scopes.read ?? []), ...(settings.scopes.write ?? [])].join(', ');
    const message = `The token of ${host} does not allow this; it needs one of: ${wanted}`;
    throw new StoreError('denied', { op: 'authenticate', message });
  }
  return principalOf(user, { id: `${host}:${hash.slice(0, 12)}`, write: identity.write, root: null });
}
