import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Authenticator, Credential } from '../core/contracts.ts';
import { type Answer, ask, unavailable } from './ask.ts';
import { foreignTokens, type Grant, type IdentityToUser } from './foreign-token.ts';
import { girderLacking, girderRights, girderSecret } from './girder.ts';
import { type VerdictCacheOptions, verdictCache } from './verdict-cache.ts';

export interface RemoteGirderOptions {
  /** The issuer of its identities in links; it stays when the Girder moves. */
  readonly id: string;
  /** Of its REST API: `https://girder.example.org/api/v1`. */
  readonly url: string;
  /** Milliseconds: see VerdictCacheOptions. */
  readonly fresh: number;
  readonly stale: number;
  /** Milliseconds that Girder has for each answer. */
  readonly timeout: number;
  readonly key: KeyObject;
  readonly identityToUser: IdentityToUser;
  readonly onError?: (error: unknown) => void;
}

const refusedFor = 5_000;
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
const userModel = z.object({ _id: id, login: z.string().min(1).max(1_024), status: z.string().optional() });
const mintedModel = z.object({ authToken: z.object({ token: z.string().min(1).max(1_024), expires: time }) });

/** A token that Girder made for an API key. */
interface Minted {
  readonly token: string;
  readonly expires: number;
}

/** `ended`: no such token (any more). `nobody`: a good one that is no user's, or of one who is out there. */
type Looked = Grant | 'ended' | 'nobody';

const grantOf = (looked: Looked): Grant | undefined => (typeof looked === 'string' ? undefined : looked);

/** A key does not end with the token that was made for it. */
const lasting = (grant: Grant | undefined): Grant | undefined => grant && { ...grant, expires: null };

/** Session tokens and API keys of a Girder elsewhere, asked by its REST API (Girder 3 and 5). */
export function remoteGirder(options: RemoteGirderOptions): Authenticator {
  const { timeout } = options;
  const who = `The Girder ${options.id}`;
  const api = options.url.replace(/\/+$/, '');
  const cache: VerdictCacheOptions = { ...options, refused: refusedFor };
  const verdicts = verdictCache<Grant>(cache);
  const minted = new Map<string, Minted>();

  const get = (path: string, token: string): Promise<Answer> =>
    ask({ url: `${api}/${path}`, headers: { 'girder-token': token }, timeout, who });

  /** Girder answers 200 with `null` to a token that is not good, as to nobody's request. */
  async function fetched<T>(path: string, token: string, model: z.ZodType<T>): Promise<T | null> {
    const { status, body } = await get(path, token);
    return status === 401 || status === 403 ? null : read(body, model.nullable(), `GET ${path}`, status);
  }

  function read<T>(body: unknown, model: z.ZodType<T>, what: string, status: number): T {
    const parsed = model.safeParse(body);
    if (parsed.success) return parsed.data;
    throw unavailable(who, new Error(`${what} answered with status ${status}, and not as Girder does`));
  }

  async function lookAtToken(token: string, now: number): Promise<Looked> {
    const current = await fetched('token/current', token, tokenModel);
    if (current === null || current.expires <= now) return 'ended';
    const { expires, scope, userId } = current;
    const user = await fetched('user/me', token, userModel);
    if (user === null) return userId == null ? 'nobody' : nameless(userId, expires);
    if ((user.status ?? 'enabled') !== 'enabled' || (userId ?? user._id) !== user._id) return 'nobody';
    const identity = { issuer: options.id, subject: user._id, login: user.login };
    return { identity, rights: girderRights(scope), expires };
  }

  /** Without core.user_info.read Girder shows nobody to a token, and so it opens nothing here. */
  const nameless = (subject: string, expires: number): Grant => ({
    identity: { issuer: options.id, subject, login: '' },
    rights: 'none',
    expires,
  });

  /** In the body, not in the URL, which logs keep. */
  async function mint(key: string): Promise<Minted | undefined> {
    const { status, body } = await ask({
      url: `${api}/api_key/token`,
      form: { key, duration },
      timeout,
      who,
    });
    if (status === 400 || status === 401 || status === 403) return undefined;
    return read(body, mintedModel, 'POST api_key/token', status).authToken;
  }

  async function lookAtKey(key: string, now: number): Promise<Grant | undefined> {
    const name = verdicts.nameOf(`key:${key}`);
    const known = minted.get(name);
    if (known !== undefined && known.expires - margin > now) {
      const looked = await lookAtToken(known.token, now);
      if (looked !== 'ended') return lasting(grantOf(looked));
    }
    const made = await mint(key);
    minted.delete(name);
    if (made === undefined) return undefined;
    if (minted.size >= mintedKept) minted.delete(minted.keys().next().value ?? '');
    minted.set(name, made);
    return lasting(grantOf(await lookAtToken(made.token, now)));
  }

  /** The cache keeps tokens and keys apart by this prefix. */
  function recognise(credential: Credential): string | undefined {
    const asked = girderSecret(credential);
    return asked === undefined ? undefined : `${asked.kind}:${asked.secret}`;
  }

  return foreignTokens({
    kind: 'girder',
    recognise,
    ask: async (asked, now) => {
      const [kind, secret = ''] = asked.split(':');
      return kind === 'key' ? lookAtKey(secret, now) : grantOf(await lookAtToken(secret, now));
    },
    verdicts,
    identityToUser: options.identityToUser,
    lacking: girderLacking,
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  });
}
