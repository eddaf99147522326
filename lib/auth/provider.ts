/** How a platform is asked about a token, and where its answer has what; everything about a platform is here. */
export interface Provider {
  /** Where there is only one of it. */
  readonly issuer: string | null;
  /** Null: what discovery says. `{client_id}` stands for the client's. */
  readonly introspection: string | null;
  readonly userinfo: string | null;
  readonly jwks: string | null;
  /** How a token is put into the question. */
  readonly question: { readonly format: 'form' | 'json'; readonly field: string };
  /** Claim that says that a token is good; null: status 200 says it. */
  readonly active: string | null;
  /** Statuses that say that a token is not good. */
  readonly inactive: readonly number[];
  readonly subject: string;
  /** Claims that a login may be made from, the best first. */
  readonly login: readonly string[];
  readonly scope: string;
  readonly expires: string;
  /** Null: only tokens of the client that asks are answered for. */
  readonly audience: string | null;
  /** How the platform's opaque tokens begin; none: they could be anyone's. */
  readonly prefixes: readonly string[];
  /** Claims that a JWT must have, with these values. */
  readonly claims: Readonly<Record<string, string>>;
  /** ID tokens are taken as access tokens, where the platform has no other JWTs. */
  readonly idTokens: boolean;
}

/** RFC 7662, RFC 9068 and OpenID Connect as they are written. */
const standard: Provider = {
  issuer: null,
  introspection: null,
  userinfo: null,
  jwks: null,
  question: { format: 'form', field: 'token' },
  active: 'active',
  inactive: [],
  subject: 'sub',
  login: ['preferred_username', 'username', 'email'],
  scope: 'scope',
  expires: 'exp',
  audience: 'aud',
  prefixes: [],
  claims: {},
  idTokens: false,
};

export const providers = {
  standard,
  keycloak: { ...standard, claims: { typ: 'Bearer' } },
  globus: {
    ...standard,
    issuer: 'https://auth.globus.org',
    introspection: 'https://auth.globus.org/v2/oauth2/token/introspect',
    userinfo: 'https://auth.globus.org/v2/oauth2/userinfo',
  },
  cilogon: {
    ...standard,
    issuer: 'https://cilogon.org',
    introspection: 'https://cilogon.org/oauth2/introspect',
    login: ['preferred_username', 'eppn', 'email', 'username'],
  },
  orcid: {
    ...standard,
    issuer: 'https://orcid.org',
    userinfo: 'https://orcid.org/oauth/userinfo',
    jwks: 'https://orcid.org/oauth/jwks',
    login: ['name', 'given_name'],
    idTokens: true,
  },
  github: {
    ...standard,
    issuer: 'https://github.com',
    introspection: 'https://api.github.com/applications/{client_id}/token',
    question: { format: 'json', field: 'access_token' },
    active: null,
    inactive: [404],
    subject: 'user.id',
    login: ['user.login'],
    scope: 'scopes',
    expires: 'expires_at',
    audience: null,
    prefixes: ['gho_', 'ghu_'],
  },
} as const satisfies Readonly<Record<string, Provider>>;
