import type { Authenticator, Credential } from '../core/contracts.ts';
import type { Principal } from '../core/values.ts';
import { type Attestation, admit, type Profile } from './attestation.ts';
import { refused } from './credential.ts';
import type { TokenName } from './keyed-hash.ts';
import type { AccountRules, LinkedAccounts } from './linked-accounts.ts';
import type { Verdict } from './verdict-cache.ts';

/** What every kind of foreign token stands on. */
export interface ForeignContext {
  readonly accounts: LinkedAccounts;
  readonly nameOf: (token: string) => TokenName;
  /** Told of a service that cannot be asked. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A service whose tokens are good here. */
export interface ForeignService {
  /** Names the kind in logs: `jupyterhub`. */
  readonly kind: string;
  readonly rules: AccountRules;
  /** Said to whom the rights lack: which scope to ask for. */
  readonly lacking: string;
  /** What else can be asked about a newcomer whose attestation gives no login. */
  readonly profile?: (token: ForeignToken, now: number) => Promise<Profile | undefined>;
}

/** A token that the service has found good. */
export interface ForeignToken {
  readonly credential: Credential;
  readonly secret: string;
  readonly name: TokenName;
  readonly verdict: Verdict<Attestation>;
}

/** What the service says may have been kept; who the user is, is asked anew: one look-up. */
export function enter(
  token: ForeignToken,
  service: ForeignService,
  accounts: LinkedAccounts,
  now: number,
): Promise<Principal> {
  const { credential, name, verdict } = token;
  const { identity, rights, expires } = verdict.value;
  const told = async (): Promise<Profile> =>
    identity.profile.logins.length > 0
      ? identity.profile
      : ((await service.profile?.(token, now)) ?? identity.profile);
  const access = { credential, rights, expires, stale: verdict.stale, lacking: service.lacking };
  return admit(
    {
      ...access,
      name: `${service.kind}:${name.slice(0, 12)}`,
      user: () => accounts.userOf(identity, service.rules, now, told),
    },
    now,
  );
}

export interface ForeignTokensOptions extends ForeignService, Omit<ForeignContext, 'onError'> {
  /** What to ask about, where the credential may be of this kind; `certain`: no other kind has such. */
  readonly recognise: (
    credential: Credential,
  ) => { readonly secret: string; readonly certain: boolean } | undefined;
  /** Undefined: not good. Throws `unavailable` where nobody can tell. */
  readonly look: (secret: string, name: TokenName, now: number) => Promise<Verdict<Attestation> | undefined>;
}

/** Tokens that another service issued, and is asked about. */
export function foreignTokens(options: ForeignTokensOptions): Authenticator {
  const { recognise, look, nameOf, accounts } = options;
  return {
    async authenticate(credential, now) {
      const found = recognise(credential);
      if (found === undefined) return undefined;
      const { secret, certain } = found;
      const name = nameOf(secret);
      const verdict = await look(secret, name, now);
      if (verdict !== undefined) return enter({ credential, secret, name, verdict }, options, accounts, now);
      if (certain) throw refused();
      return undefined;
    },
  };
}
