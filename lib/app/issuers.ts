import { readFile } from 'node:fs/promises';
import type { ForeignContext } from '../auth/foreign-token.ts';
import { introspectedTokens } from '../auth/introspected-token.ts';
import { openIssuer } from '../auth/issuer.ts';
import type { IssuerSettings, OAuthClient } from '../auth/issuer-settings.ts';
import { jwtTokens } from '../auth/jwt-token.ts';
import { providers } from '../auth/provider.ts';
import type { Authenticator } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { IssuerConfig } from './schema-identity.ts';

/** What the configuration says of issuers, with the secrets that it only names. */
export function issuerSettings(configs: readonly IssuerConfig[]): Promise<readonly IssuerSettings[]> {
  return Promise.all(configs.map(settingsOf));
}

/** JWTs first: they say whose they are. */
export function issuerAuthenticators(
  settings: readonly IssuerSettings[],
  { accounts, nameOf, onError }: ForeignContext,
): readonly Authenticator[] {
  if (settings.length === 0) return [];
  const options = { issuers: settings.map((one) => openIssuer(one, { onError })), accounts, nameOf };
  return [jwtTokens(options), introspectedTokens(options)];
}

async function settingsOf(config: IssuerConfig): Promise<IssuerSettings> {
  const provider = providers[config.provider];
  const client = await clientOf(config);
  return {
    issuer: config.issuer ?? provider.issuer ?? '',
    provider,
    audience: config.audience ?? (client === null ? [] : [client.id]),
    jwt: config.jwt,
    algorithms: config.algorithms,
    typ: config.typ,
    idTokens: config.idTokens ?? provider.idTokens,
    skew: config.skew,
    client,
    endpoints: {
      jwks: config.jwksUri ?? null,
      introspection: config.introspectionEndpoint ?? null,
      userinfo: config.userinfoEndpoint ?? null,
    },
    prefixes: config.prefixes ?? provider.prefixes,
    http: config.allowHttp,
    staleFor: config.staleFor,
    scopes: config.scopes,
    accounts: config.accounts,
  };
}

async function clientOf(config: IssuerConfig): Promise<OAuthClient | null> {
  const { clientId, clientAuth, clientSecretFile, clientSecretEnv } = config;
  if (clientId === undefined) return null;
  const text =
    clientSecretFile === undefined
      ? process.env[clientSecretEnv ?? '']
      : await readSecret(clientSecretFile, clientId);
  const secret = text?.trim() ?? '';
  if (secret === '') {
    const source = clientSecretFile ?? `the variable ${clientSecretEnv}`;
    throw new StoreError('invalid', { message: `The secret of the client ${clientId} is not in ${source}.` });
  }
  return { id: clientId, secret, method: clientAuth };
}

async function readSecret(file: string, clientId: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const message = `The secret of the client ${clientId} cannot be read from ${file}.`;
    throw new StoreError('invalid', { message, cause });
  }
}
