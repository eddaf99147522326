import type { Authenticator, Credential } from '../core/contracts.ts';
import { anyOf } from './any-of.ts';
import { tokenIn } from './credential.ts';
import { foreignTokens } from './foreign-token.ts';
import type { Issuer } from './issuer.ts';
import { issuerIn } from './jwt-text.ts';
import type { IssuerTokensOptions } from './jwt-token.ts';

/**
 * Tokens that only their issuer can read, asked about by RFC 7662 and its like. Last in the chain: a text that nobody
 * recognised goes to the issuers in turn, passwords never.
 */
export function introspectedTokens({ issuers, accounts, nameOf }: IssuerTokensOptions): Authenticator {
  const asked = issuers.flatMap(({ introspection, settings, service }) =>
    introspection === null ? [] : [{ introspection, settings, service }],
  );
  const recogniser = recogniserOf(asked);
  return anyOf(
    asked.map(({ introspection, settings, service }) =>
      foreignTokens({
        ...service,
        ...{ accounts, nameOf, look: introspection.look },
        recognise: (credential) => recogniser(settings, credential),
      }),
    ),
  );
}

/** RFC 6750 §2.1, of a length that cannot be guessed. */
const tokenShape = /^[A-Za-z0-9\-._~+/:]{16,4096}=*$/;

type Settings = Pick<Issuer['settings'], 'issuer' | 'prefixes'>;

/** Whether an issuer is to be asked about a credential, and whether its text says that it is that issuer's. */
function recogniserOf(issuers: readonly { readonly settings: Settings }[]) {
  const begins = (text: string) => (settings: Settings) =>
    settings.prefixes.some((prefix) => text.startsWith(prefix));
  return ({ issuer, prefixes }: Settings, credential: Credential) => {
    const secret = tokenIn(credential);
    if (!tokenShape.test(secret)) return undefined;
    const sure = { secret, certain: true };
    const signed = issuerIn(secret);
    if (signed !== undefined) return signed === issuer ? sure : undefined;
    if (issuers.some(({ settings }) => begins(secret)(settings))) {
      return begins(secret)({ issuer, prefixes }) ? sure : undefined;
    }
    // Somebody's password may stand here, which must not be told to others.
    const bare = credential.kind === 'basic' && credential.password === secret;
    return bare || prefixes.length > 0 ? undefined : { secret, certain: false };
  };
}
