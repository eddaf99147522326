import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Authenticator, Credential } from '../core/contracts.ts';
import { ask, unavailable } from './ask.ts';
import { tokenIn } from './credential.ts';
import { foreignTokens, type Grant, type IdentityToUser, type Rights } from './foreign-token.ts';
import { parseToken } from './token-text.ts';
import { verdictCache } from './verdict-cache.ts';

export interface JupyterHubOptions {
  /** The issuer of its identities in links; it stays when the hub moves. */
  readonly id: string;
  /** With the hub's base URL: `https://hub.example.org/base`. */
  readonly url: string;
  /** Custom scopes of the hub (its `custom_scopes`). Writing includes reading. */
  readonly readScope: string;
  readonly writeScope: string;
  /** What its tokens look like, from the first to the last character. */
  readonly tokens: string;
  /** Milliseconds: see VerdictCacheOptions. */
  readonly fresh: number;
  readonly stale: number;
  /** Milliseconds that the hub has for an answer. */
  readonly timeout: number;
  readonly key: KeyObject;
  readonly identityToUser: IdentityToUser;
  readonly onError?: (error: unknown) => void;
}

/** A hub's own API tokens are UUIDs without hyphens; services are often given longer ones. */
export const usualHubTokens = '[0-9a-f]{32,128}';
const usual = new RegExp(`^${usualHubTokens}$`);
const refusedFor = 5_000;

/** `GET /hub/api/user` (JupyterHub ≥ 3). `name` alone says who: scopes may name anybody. */
const hubModel = z.object({
  kind: z.string(),
  name: z.string().min(1).max(1_024),
  scopes: z.array(z.string()),
});

/** Tokens of one JupyterHub: of its users, and of their servers, with which they die. */
export function jupyterHubTokens(options: JupyterHubOptions): Authenticator {
  const { id, readScope, writeScope, timeout } = options;
  const who = `The JupyterHub ${id}`;
  const url = `${options.url.replace(/\/+$/, '')}/hub/api/user`;
  const shape = new RegExp(`^(?:${options.tokens})$`);

  function recognise(credential: Credential): string | undefined {
    const text = tokenIn(credential);
    // A bare password may be somebody's for another service, whatever shapes the configuration allows.
    const bare = credential.kind === 'basic' && credential.password === text;
    return opaque(text) && shape.test(text) && (!bare || usual.test(text)) ? text : undefined;
  }

  async function look(token: string): Promise<Grant | undefined> {
    const headers = { authorization: `token ${token}` };
    const { status, body } = await ask({ url, headers, timeout, who });
    if (status === 401 || status === 403) return undefined;
    const model = hubModel.safeParse(body);
    if (!model.success) {
      const reason = `GET ${url} answered with status ${status}, and not with a model of JupyterHub 3 or later`;
      throw unavailable(who, new Error(reason));
    }
    const { kind, name, scopes } = model.data;
    if (kind !== 'user') return undefined;
    const held = (scope: string) => holds(scopes, scope, name);
    const rights: Rights = held(writeScope) ? 'write' : held(readScope) ? 'read' : 'none';
    return { identity: { issuer: id, subject: name, login: name }, rights, expires: null };
  }

  return foreignTokens({
    kind: 'jupyterhub',
    recognise,
    ask: look,
    verdicts: verdictCache({ ...options, refused: refusedFor }),
    identityToUser: options.identityToUser,
    lacking: `This token of the JupyterHub has neither the scope ${readScope} nor ${writeScope}.`,
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  });
}

/**
 * A scope held for everybody, or for this user. The hub lets a user mint `custom:…!user=somebody-else`, which says
 * nothing about this workspace; other filters (`!server=`, `!group=`) do not either.
 */
function holds(scopes: readonly string[], scope: string, name: string): boolean {
  return scopes.includes(scope) || scopes.includes(`${scope}!user=${name}`);
}

const printable = /^[\x21-\x7e]{1,2048}$/;
/** JWS and JWE in their compact forms. */
const jwt = /^[\w-]+\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?$/;

/** Neither ours nor a JWT, whatever the hub's tokens are said to look like: those are shown to nobody else. */
export function opaque(text: string): boolean {
  return printable.test(text) && parseToken(text) === undefined && !jwt.test(text);
}
