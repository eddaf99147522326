import { StoreError } from '../core/error.ts';
import { type Ask, unanswered } from './ask.ts';
import type { Attestation } from './attestation.ts';
import { type Claims, isClaims } from './claim.ts';
import { answerClaims, attestationOf } from './issuer-claims.ts';
import type { IssuerSettings, OAuthClient } from './issuer-settings.ts';
import type { TokenName } from './keyed-hash.ts';
import { type Verdict, verdictCache } from './verdict-cache.ts';

export interface IntrospectionOptions {
  readonly settings: IssuerSettings;
  readonly client: OAuthClient;
  readonly endpoint: (now: number) => Promise<string>;
  readonly ask: Ask;
  /** Names the issuer in messages. */
  readonly who: string;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What an issuer says of its tokens (RFC 7662). */
export interface Introspection {
  /** Undefined: not good; `unauthenticated`: the same, and why. Throws `unavailable`. */
  look(text: string, name: TokenName, now: number): Promise<Verdict<Attestation> | undefined>;
}

const goodFor = 60_000;

export function introspection(options: IntrospectionOptions): Introspection {
  const { settings, onError } = options;
  const verdicts = verdictCache<Attestation>({ fresh: goodFor, stale: settings.staleFor, onError });

  async function inquire(text: string, now: number): Promise<Attestation | undefined> {
    const claims = await question(text, options, now);
    if (claims === undefined || (claims.iss !== undefined && claims.iss !== settings.issuer))
      return undefined;
    return attestationOf(claims, settings, answerClaims(settings), now);
  }

  return { look: (text, name, now) => verdicts.verdict(name, now, () => inquire(text, now)) };
}

/** The claims of a good token; undefined for one that is not. */
async function question(
  text: string,
  { settings, client, endpoint, ask, who }: IntrospectionOptions,
  now: number,
): Promise<Claims | undefined> {
  const url = await endpoint(now);
  const { status, body } = await ask(url, { method: 'POST', ...asked(text, settings, client) });
  const { active, inactive } = settings.provider;
  // 400 and 422: the text cannot be a token there. Whoever sends nonsense must not count as the issuer's failure.
  if (inactive.includes(status) || status === 400 || status === 422) return undefined;
  if (status === 401 || status === 403) {
    const message = `${settings.issuer} refuses the client ${client.id}; check its secret and what it may do.`;
    throw new StoreError('unavailable', { op: 'introspect', message });
  }
  if (!isClaims(body)) throw unanswered(who, new Error(`its answer of status ${status} has no claims`));
  return active === null || body[active] === true ? body : undefined;
}

function asked(text: string, { provider }: IssuerSettings, client: OAuthClient) {
  const { format, field } = provider.question;
  const headers: Record<string, string> = {};
  const body: Record<string, string> = { [field]: text };
  if (format === 'form') body.token_type_hint = 'access_token';
  if (client.method === 'post') Object.assign(body, { client_id: client.id, client_secret: client.secret });
  else headers.authorization = basic(client);
  headers['content-type'] = format === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  return { headers, body: format === 'form' ? new URLSearchParams(body).toString() : JSON.stringify(body) };
}

/** Both parts encoded as in a form (RFC 6749 §2.3.1). */
function basic({ id, secret }: OAuthClient): string {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}
