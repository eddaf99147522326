import type { Authenticator, Credential } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import type { Principal } from '../core/values.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Who asks; asked anew each time, so that a revocation counts at once. Throws `unauthenticated`. */
export async function authenticate(
  headers: Headers,
  authenticator: Authenticator,
  now: number,
): Promise<Principal> {
  const credential = credentialOf(headers);
  if (credential === undefined)
    throw refused('Sign in with your login and an app password, or with a token.');
  const principal = await authenticator.authenticate(credential, now);
  if (principal === undefined) throw refused('The credential is not of a kind that is known here.');
  return principal;
}

const refused = (message: string): StoreError =>
  new StoreError('unauthenticated', { op: 'authenticate', message });

/** `Authorization` before `Girder-Token`; undefined where neither says anything that is understood. */
export function credentialOf(headers: Headers): Credential | undefined {
  const { authorization, 'girder-token': girder } = headers;
  if (typeof authorization === 'string') return fromAuthorization(authorization);
  const token = typeof girder === 'string' ? girder.trim() : '';
  return token === '' ? undefined : { kind: 'token', token };
}

/** What headers say, not whether it is true. */
const parsed = new Map<string, Credential>();
const parsedMax = 1_000;
const headerMax = 8_192;

function fromAuthorization(header: string): Credential | undefined {
  const known = parsed.get(header);
  if (known !== undefined) return known;
  if (header.length > headerMax) return undefined;
  const credential = parse(header);
  if (credential === undefined) return undefined;
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(header, credential);
  return credential;
}

function parse(header: string): Credential | undefined {
  const [, scheme = '', rest = ''] = /^[ \t]*([A-Za-z-]+)[ \t]+(\S+)[ \t]*$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic':
      return basic(rest);
    case 'bearer':
      return { kind: 'token', token: rest };
    default:
      return undefined;
  }
}

function basic(encoded: string): Credential | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  const utf8 = bytes.toString('utf8');
  // Old clients send Latin-1, whatever the challenge says.
  const text = utf8.includes('\ufffd') ? bytes.toString('latin1') : utf8;
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const name = text.slice(0, colon);
  return { kind: 'basic', login: name.slice(name.lastIndexOf('\\') + 1), password: text.slice(colon + 1) };
}
