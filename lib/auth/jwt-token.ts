import type { Authenticator, Credential } from '../core/contracts.ts';
import type { Principal } from '../core/values.ts';
import { admit } from './admit.ts';
import { claimAt } from './claim.ts';
import { refused, tokenIn } from './credential.ts';
import type { Claims } from './fetch-json.ts';
import { type Identity, identityOf, jwtClaims, scopeClaim } from './identity.ts';
import type { Looked } from './introspection.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import { issuerIn, verifyJwt } from './jwt-text.ts';
import type { LinkedAccounts } from './linked-accounts.ts';
import { type TokenHash, tokenMemory } from './token-memory.ts';

export interface ForeignTokensOptions {
  readonly issuers: readonly Issuer[];
  readonly accounts: LinkedAccounts;
  readonly hasher: (text: string) => TokenHash;
}

const rememberFor = 60_000;
const mostRemembered = 4_096;

/** What a signature was found to say; `identity: null`: too little, the issuer is to be asked (a lightweight token). */
interface Checked {
  readonly issuer: Issuer;
  readonly identity: Identity | null;
}

/**
 * JWT access tokens of configured issuers (RFC 9068). A signature is checked once a minute, the account each time.
 * JWTs of others are somebody else's to judge.
 */
export function jwtTokens({ issuers, accounts, hasher }: ForeignTokensOptions): Authenticator {
  const byName = new Map(issuers.map((issuer) => [issuer.settings.issuer, issuer]));
  const memory = tokenMemory<Checked>(mostRemembered);

  async function check(text: string, hash: TokenHash, now: number): Promise<Checked | undefined> {
    const known = memory.get(hash, now);
    if (known !== undefined) return known;
    const issuer = byName.get(issuerIn(text) ?? '');
    if (issuer === undefined || !issuer.settings.jwt) return undefined;
    const { settings } = issuer;
    const claims = await verifyJwt(text, settings, issuer.keys, now);
    const ask = issuer.introspection !== null && lightweight(claims, settings);
    const identity = ask ? null : identityOf(claims, settings, jwtClaims, now);
    const checked = { issuer, identity };
    memory.set(hash, checked, Math.min(now + rememberFor, Number(claims.exp) * 1000));
    return checked;
  }

  async function authenticate(credential: Credential, now: number): Promise<Principal | undefined> {
    const text = tokenIn(credential);
    if (!text.startsWith('ey')) return undefined;
    const hash = hasher(text);
    const checked = await check(text, hash, now);
    if (checked === undefined) return undefined;
    const { issuer } = checked;
    const looked = checked.identity ?? rightful(await issuer.introspection?.look(text, hash, now));
    return admit(looked, {
      ...{ issuer, accounts, credential, hash, now },
      profile: async () => {
        const told = await issuer.introspection?.look(text, hash, now);
        if (told !== undefined && told.identity.profile.logins.length > 0) return told.identity.profile;
        return issuer.userinfo(text, looked.subject, now);
      },
    });
  }

  return { authenticate };
}

/** Keycloak's lightweight tokens leave to introspection what RFC 9068 wants in the token. */
function lightweight(claims: Claims, settings: IssuerSettings): boolean {
  const { read, write } = settings.scopes;
  const scoped = read !== null || write !== null;
  return (
    claims.sub === undefined ||
    claims.aud === undefined ||
    (scoped && claimAt(claims, scopeClaim(settings)) === undefined)
  );
}

/** While the issuer is down, an old answer is good for reading alone. */
export function rightful(looked: Looked | undefined): Identity {
  if (looked === undefined) throw refused();
  return looked.stale ? { ...looked.identity, write: false } : looked.identity;
}
