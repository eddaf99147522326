import type { AccountRules } from './linked-accounts.ts';
import type { Provider } from './provider.ts';

/** Asymmetric signatures (RFC 7518 §3.1, RFC 8037, RFC 9864). HS* and `none` are no choice. */
export const signatureAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
  /** `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1). */
  readonly method: 'basic' | 'post';
}

/** What a token must say for its bearer to read and to write; null: nothing in particular. */
export interface ScopeRules {
  /** Claim or path where the words are; null: where the provider has its scopes. */
  readonly claim: string | null;
  readonly read: readonly string[] | null;
  readonly write: readonly string[] | null;
}

export interface IssuerSettings {
  /** As its tokens and its discovery document write it, to the letter. */
  readonly issuer: string;
  readonly provider: Provider;
  /** One of these must be among a token's audiences. */
  readonly audience: readonly string[];
  /** Whether JWTs are checked by the issuer's keys; false: the issuer is asked about them. */
  readonly jwt: boolean;
  readonly algorithms: readonly string[];
  /** `at+jwt`: RFC 9068 to the letter; `any`: also without `typ` and with `JWT`. */
  readonly typ: 'at+jwt' | 'any';
  /** Whether ID tokens count as access tokens. */
  readonly idTokens: boolean;
  /** Milliseconds by which the issuer's clock may be ahead. */
  readonly skew: number;
  readonly client: OAuthClient | null;
  /** Null: what the provider or discovery says. */
  readonly endpoints: {
    readonly jwks: string | null;
    readonly introspection: string | null;
    readonly userinfo: string | null;
  };
  /** How its opaque tokens begin. */
  readonly prefixes: readonly string[];
  readonly http: boolean;
  /** Milliseconds that an answer serves reads after its time, while the issuer is down. */
  readonly staleFor: number;
  readonly scopes: ScopeRules;
  readonly accounts: AccountRules;
}
