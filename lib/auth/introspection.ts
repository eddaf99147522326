import { StoreError } from '../core/error.ts';
import { type Claims, type JsonClient, noAnswer } from './fetch-json.ts';
import type { Identity } from './identity.ts';
import { answerClaims, identityOf } from './identity.ts';
import type { IssuerSettings, OAuthClient } from './issuer-settings.ts';
import { type TokenHash, tokenMemory } from './token-memory.ts';

export interface IntrospectionOptions {
  readonly settings: IssuerSettings;
  readonly client: OAuthClient;
  readonly endpoint: (now: number) => Promise<string>;
  readonly ask: JsonClient;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What an issuer says of its tokens (RFC 7662). */
export interface Introspection {
  /** Undefined: not good. `stale`: an old answer, since the issuer is down. Throws `unavailable`. */
  look(text: string, hash: TokenHash, now: number): Promise<Looked | undefined>;
}

export interface Looked {
  readonly identity: Identity;
  readonly stale: boolean;
}

const goodFor = 60_000;
const badFor = 5_000;
/** After a failure the issuer is left alone for so long. */
const pause = 5_000;
const mostGood = 4_096;
const mostBad = 10_000;
/** Questions under way; unknown tokens beyond them are told to come back. */
const mostFlights = 64;

interface Known {
  readonly identity: Identity;
  readonly asked: number;
}

export function introspection(options: IntrospectionOptions): Introspection {
  const { settings } = options;
  const good = tokenMemory<Known>(mostGood);
  const bad = tokenMemory<true>(mostBad);
  const flights = new Map<TokenHash, Promise<Identity | undefined>>();
  let failed: { readonly at: number; readonly error: unknown } | undefined;

  async function inquire(text: string, hash: TokenHash, now: number): Promise<Identity | undefined> {
    if (failed !== undefined && Math.abs(now - failed.at) < pause) throw failed.error;
    let claims: Claims | undefined;
    try {
      claims = await question(text, options, now);
      failed = undefined;
    } catch (error) {
      failed = { at: now, error };
      options.onError?.(error);
      throw error;
    }
    const from = answerClaims(settings);
    const ours = claims !== undefined && (claims.iss === undefined || claims.iss === settings.issuer);
    good.delete(hash);
    try {
      const identity = ours && claims !== undefined ? identityOf(claims, settings, from, now) : undefined;
      if (identity === undefined) bad.set(hash, true, now + badFor);
      else
        good.set(
          hash,
          { identity, asked: now },
          Math.min(now + goodFor + settings.staleFor, identity.expires),
        );
      return identity;
    } catch (error) {
      bad.set(hash, true, now + badFor);
      throw error;
    }
  }

  function once(text: string, hash: TokenHash, now: number): Promise<Identity | undefined> {
    const running = flights.get(hash);
    if (running !== undefined) return running;
    if (flights.size >= mostFlights) throw noAnswer(new URL(settings.issuer).host);
    const flight = inquire(text, hash, now).finally(() => flights.delete(hash));
    flights.set(hash, flight);
    return flight;
  }

  return {
    async look(text, hash, now) {
      const known = good.get(hash, now);
      if (known !== undefined && now - known.asked < goodFor)
        return { identity: known.identity, stale: false };
      if (bad.get(hash, now) === true) return undefined;
      try {
        const identity = await once(text, hash, now);
        return identity && { identity, stale: false };
      } catch (error) {
        if (known === undefined || !(error instanceof StoreError) || error.code !== 'unavailable')
          throw error;
        return { identity: known.identity, stale: true };
      }
    },
  };
}

/** The claims of a good token; undefined for one that is not. */
async function question(
  text: string,
  { settings, client, endpoint, ask }: IntrospectionOptions,
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
  if (status !== 200 || body === undefined) throw noAnswer(new URL(url).host);
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
