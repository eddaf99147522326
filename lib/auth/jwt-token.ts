import type { Authenticator, Credential } from '../core/contracts.ts';
import type { Principal } from '../core/values.ts';
import type { Attestation } from './attestation.ts';
import { type Claims, claimAt } from './claim.ts';
import { refused, tokenIn } from './credential.ts';
import { enter, type ForeignContext } from './foreign-token.ts';
import type { Issuer } from './issuer.ts';
import { attestationOf, jwtClaims, scopeClaim } from './issuer-claims.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import { issuerIn, verifyJwt } from './jwt-text.ts';
import type { TokenName } from './keyed-hash.ts';
import { recentMap } from './recent-map.ts';

export interface IssuerTokensOptions extends Omit<ForeignContext, 'onError'> {
  readonly issuers: readonly Issuer[];
}

const rememberFor = 60_000;
const mostRemembered = 4_096;

/** What a signature was found to say; `attestation: null`: too little, the issuer is to be asked (a lightweight token). */
interface Checked {
  readonly issuer: Issuer;
  readonly attestation: Attestation | null;
  readonly until: number;
}

/**
 * JWT access tokens of configured issuers (RFC 9068). A signature is checked once a minute, the account each time.
 * JWTs of others are somebody else's to judge.
 */
export function jwtTokens({ issuers, accounts, nameOf }: IssuerTokensOptions): Authenticator {
  const byName = new Map(issuers.map((issuer) => [issuer.settings.issuer, issuer]));
  const memory = recentMap<Checked>(mostRemembered);

  async function check(text: string, name: TokenName, now: number): Promise<Checked | undefined> {
    const known = memory.get(name);
    if (known !== undefined && now < known.until) return known;
    const issuer = byName.get(issuerIn(text) ?? '');
    if (issuer === undefined || !issuer.settings.jwt) return undefined;
    const { settings } = issuer;
    const claims = await verifyJwt(text, settings, issuer.keys, now);
    const ask = issuer.introspection !== null && lightweight(claims, settings);
    const attestation = ask ? null : attestationOf(claims, settings, jwtClaims, now);
    const until = Math.min(now + rememberFor, Number(claims.exp) * 1000);
    memory.set(name, { issuer, attestation, until });
    return { issuer, attestation, until };
  }

  async function authenticate(credential: Credential, now: number): Promise<Principal | undefined> {
    const secret = tokenIn(credential);
    if (!secret.startsWith('ey')) return undefined;
    const name = nameOf(secret);
    const checked = await check(secret, name, now);
    if (checked === undefined) return undefined;
    const { issuer, attestation } = checked;
    const verdict =
      attestation === null
        ? await issuer.introspection?.look(secret, name, now)
        : { value: attestation, stale: false };
    if (verdict === undefined) throw refused();
    return enter({ credential, secret, name, verdict }, issuer.service, accounts, now);
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
