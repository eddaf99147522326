import { z } from 'zod';
import type { Authenticator, Credential } from '../core/contracts.ts';
import { asker, unanswered } from './ask.ts';
import type { Attestation, Profile } from './attestation.ts';
import { type Claims, textAt, textsAt } from './claim.ts';
import { type ForeignContext, foreignTokens } from './foreign-token.ts';
import { girderLacking, girderRights, girderSecret } from './girder.ts';
import type { TokenName } from './keyed-hash.ts';
import type { AccountRules } from './linked-accounts.ts';
import { recentMap } from './recent-map.ts';
import { verdictCache } from './verdict-cache.ts';

export interface RemoteGirderOptions extends ForeignContext {
  /** The issuer of its identities in links; it stays when the Girder moves. */
  readonly id: string;
  /** Of its REST API: `https://girder.example.org/api/v1`. */
  readonly url: string;
  /** Milliseconds: see VerdictCacheOptions. */
  readonly fresh: number;
  readonly stale: number;
  /** Milliseconds that Girder has for each answer. */
  readonly timeout: number;
  readonly rules: AccountRules;
}

/** A token made for an API key is replaced this long before it ends. */
const margin = 60_000;
/** Days that such a token is asked to last; Girder may make it less. */
const duration = '1';
const mintedKept = 1_000;

const time = z
  .string()
  .transform((text) => Date.parse(text))
  .refine((ms) => !Number.isNaN(ms));
const id = z.string().min(1).max(1_024);
const tokenModel = z.object({ expires: time, scope: z.array(z.string()), userId: id.nullish() });
const userModel = z.looseObject({
  _id: id,
  login: z.string().min(1).max(1_024),
  status: z.string().optional(),
});
const mintedModel = z.object({ authToken: z.object({ token: z.string().min(1).max(1_024), expires: time }) });

/** A token that Girder made for an API key. */
interface Minted {
  readonly token: string;
  readonly expires: number;
}

/** `ended`: no such token (any more). `nobody`: a good one that is no user's, or of one who is out there. */
type Looked = Attestation | 'ended' | 'nobody';

const attested = (looked: Looked): Attestation | undefined =>
  typeof looked === 'string' ? undefined : looked;

/** A key does not end with the token that was made for it. */
const lasting = (looked: Looked): Attestation | undefined =>
  typeof looked === 'string' ? undefined : { ...looked, expires: Number.POSITIVE_INFINITY };

/** Session tokens and API keys of a Girder elsewhere, asked by its REST API (Girder 3 and 5). */
export function remoteGirder(options: RemoteGirderOptions): Authenticator {
  const { timeout, rules } = options;
  const who = `The Girder ${options.id}`;
  const api = options.url.replace(/\/+$/, '');
  const ask = asker({ who, timeout });
  const verdicts = verdictCache<Attestation>(options);
  const minted = recentMap<Minted>(mintedKept);

  /** Girder answers 200 with `null` to a token that is not good, as to nobody's request. */
  async function fetched<T>(path: string, token: string, model: z.ZodType<T>): Promise<T | null> {
    const { status, body } = await ask(`${api}/${path}`, { headers: { 'girder-token': token } });
    return status === 401 || status === 403 ? null : read(body, model.nullable(), `GET ${path}`, status);
  }

  function read<T>(body: unknown, model: z.ZodType<T>, what: string, status: number): T {
    const parsed = model.safeParse(body);
    if (parsed.success) return parsed.data;
    throw unanswered(who, new Error(`${what} answered with status ${status}, and not as Girder does`));
  }

  async function lookAtToken(token: string, now: number): Promise<Looked> {
    const current = await fetched('token/current', token, tokenModel);
    if (current === null || current.expires <= now) return 'ended';
    const { expires, scope, userId } = current;
    const user = await fetched('user/me', token, userModel);
    if (user === null) return userId == null ? 'nobody' : nameless(userId, expires);
    if ((user.status ?? 'enabled') !== 'enabled' || (userId ?? user._id) !== user._id) return 'nobody';
    const identity = { issuer: options.id, subject: user._id, profile: profileOf(user, rules) };
    return { identity, rights: girderRights(scope), expires };
  }

  /** Without core.user_info.read Girder shows nobody to a token, and so it opens nothing here. */
  const nameless = (subject: string, expires: number): Attestation => ({
    identity: { issuer: options.id, subject, profile: profileOf({}, rules) },
    rights: 'none',
    expires,
  });

  /** In the body, not in the URL, which logs keep. */
  async function mint(key: string): Promise<Minted | undefined> {
    const { status, body } = await ask(`${api}/api_key/token`, {
      method: 'POST',
      body: new URLSearchParams({ key, duration }),
    });
    if (status === 400 || status === 401 || status === 403) return undefined;
    return read(body, mintedModel, 'POST api_key/token', status).authToken;
  }

  async function lookAtKey(key: string, name: TokenName, now: number): Promise<Attestation | undefined> {
    const known = minted.get(name);
    if (known !== undefined && known.expires - margin > now) {
      const looked = await lookAtToken(known.token, now);
      if (looked !== 'ended') return lasting(looked);
    }
    const made = await mint(key);
    minted.delete(name);
    if (made === undefined) return undefined;
    minted.set(name, made);
    return lasting(await lookAtToken(made.token, now));
  }

  /** Tokens and keys are kept apart by this prefix. */
  function recognise(credential: Credential) {
    const asked = girderSecret(credential);
    return asked && { secret: `${asked.kind}:${asked.secret}`, certain: true };
  }

  async function inquire(asked: string, name: TokenName, now: number): Promise<Attestation | undefined> {
    const [kind, secret = ''] = asked.split(':');
    return kind === 'key' ? lookAtKey(secret, name, now) : attested(await lookAtToken(secret, now));
  }

  return foreignTokens({
    ...{ kind: 'girder', rules, accounts: options.accounts, nameOf: options.nameOf, recognise },
    look: (asked, name, now) => verdicts.verdict(name, now, () => inquire(asked, name, now)),
    lacking: girderLacking,
  });
}

function profileOf(user: Claims, rules: AccountRules): Profile {
  return {
    logins: textsAt(user, rules.login ?? ['login']),
    email: textAt(user, 'email'),
    firstName: textAt(user, 'firstName') ?? '',
    lastName: textAt(user, 'lastName') ?? '',
  };
}
