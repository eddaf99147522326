import { StoreError } from '../core/error.ts';
import { asker, type Fetch } from './ask.ts';
import type { Profile } from './attestation.ts';
import { isClaims, textAt } from './claim.ts';
import { assertReachable, discovery } from './discovery.ts';
import type { ForeignService, ForeignToken } from './foreign-token.ts';
import { type Introspection, introspection } from './introspection.ts';
import { profileOf, scopesLacking } from './issuer-claims.ts';
import { type IssuerKeys, issuerKeys } from './issuer-keys.ts';
import type { IssuerSettings } from './issuer-settings.ts';

/** An issuer that is trusted here, and how it is asked. */
export interface Issuer {
  readonly settings: IssuerSettings;
  readonly service: ForeignService;
  readonly keys: IssuerKeys;
  /** Null where no client is configured to ask with. */
  readonly introspection: Introspection | null;
}

export interface IssuerOptions {
  readonly fetch?: Fetch;
  /** Milliseconds for one question. */
  readonly timeout?: number;
  /** Told of an issuer that is down while what is known of it serves. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Asks nobody yet: an issuer that is down at the start keeps nothing from starting. */
export function openIssuer(settings: IssuerSettings, options: IssuerOptions = {}): Issuer {
  const { issuer, client, endpoints, provider, http } = settings;
  const { onError } = options;
  const { host } = new URL(issuer);
  const who = `The issuer ${host}`;
  const ask = asker({ who, ...options });
  const metadata = discovery({ issuer, ask, http, onError });

  /** Configured, or the provider's, or discovered; null where none of them has it. */
  async function find(name: keyof typeof endpoints, now: number): Promise<string | null> {
    const fixed = endpoints[name] ?? provider[name];
    if (fixed === null) return (await metadata.get(now))[name];
    const url = fixed.replace('{client_id}', encodeURIComponent(client?.id ?? ''));
    assertReachable(url, issuer, http);
    return url;
  }

  const need = (name: keyof typeof endpoints) => async (now: number) => {
    const url = await find(name, now);
    if (url !== null) return url;
    const message = `${issuer} does not say where its ${name} is; name it in identity.issuers.`;
    throw new StoreError('unavailable', { op: 'discover', message });
  };

  /** What userinfo tells of a subject (OpenID Connect Core §5.3); undefined where there is none. */
  async function userinfo(token: string, subject: string, now: number): Promise<Profile | undefined> {
    const url = await find('userinfo', now);
    if (url === null) return undefined;
    const { body } = await ask(url, { headers: { authorization: `Bearer ${token}` } });
    // Of another subject, or not told: then it says nothing (§5.3.2).
    if (!isClaims(body) || textAt(body, 'sub') !== subject) return undefined;
    return profileOf(body, settings);
  }

  const answers =
    client === null
      ? null
      : introspection({ settings, client, endpoint: need('introspection'), ask, who, onError });

  async function profile(token: ForeignToken, now: number): Promise<Profile | undefined> {
    const { secret, name, verdict } = token;
    const answer = await answers?.look(secret, name, now);
    const told = answer?.value.identity.profile;
    if (told !== undefined && told.logins.length > 0) return told;
    return userinfo(secret, verdict.value.identity.subject, now);
  }

  return {
    settings,
    service: { kind: host, rules: settings.accounts, lacking: scopesLacking(settings), profile },
    keys: issuerKeys({ who, url: need('jwks'), ask, onError }),
    introspection: answers,
  };
}
