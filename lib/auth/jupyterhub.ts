import { z } from 'zod';
import type { Authenticator, Credential } from '../core/contracts.ts';
import { asker, unanswered } from './ask.ts';
import type { Attestation, Rights } from './attestation.ts';
import { textsAt } from './claim.ts';
import { tokenIn } from './credential.ts';
import { type ForeignContext, foreignTokens } from './foreign-token.ts';
import { looksLikeJwt } from './jwt-text.ts';
import type { AccountRules } from './linked-accounts.ts';
import { parseToken } from './token-text.ts';
import { verdictCache } from './verdict-cache.ts';

export interface JupyterHubOptions extends ForeignContext {
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
  readonly rules: AccountRules;
}

/** A hub's own API tokens are UUIDs without hyphens; services are often given longer ones. */
export const usualHubTokens = '[0-9a-f]{32,128}';
const usual = new RegExp(`^${usualHubTokens}$`);

/** `GET /hub/api/user` (JupyterHub ≥ 3). `name` alone says who: scopes may name anybody. */
const hubModel = z.looseObject({
  kind: z.string(),
  name: z.string().min(1).max(1_024),
  scopes: z.array(z.string()),
});

/** Tokens of one JupyterHub: of its users, and of their servers, with which they die. */
export function jupyterHubTokens(options: JupyterHubOptions): Authenticator {
  const { id, readScope, writeScope, timeout, rules } = options;
  const who = `The JupyterHub ${id}`;
  const url = `${options.url.replace(/\/+$/, '')}/hub/api/user`;
  const shape = new RegExp(`^(?:${options.tokens})$`);
  const ask = asker({ who, timeout });
  const verdicts = verdictCache<Attestation>(options);

  function recognise(credential: Credential) {
    const text = tokenIn(credential);
    // A bare password may be somebody's for another service, whatever shapes the configuration allows.
    const bare = credential.kind === 'basic' && credential.password === text;
    const ours = opaque(text) && shape.test(text) && (!bare || usual.test(text));
    return ours ? { secret: text, certain: true } : undefined;
  }

  async function inquire(token: string): Promise<Attestation | undefined> {
    const { status, body } = await ask(url, { headers: { authorization: `token ${token}` } });
    if (status === 401 || status === 403) return undefined;
    const model = hubModel.safeParse(body);
    if (!model.success) {
      const reason = `GET ${url} answered with status ${status}, and not with a model of JupyterHub 3 or later`;
      throw unanswered(who, new Error(reason));
    }
    const { kind, name, scopes } = model.data;
    if (kind !== 'user') return undefined;
    const held = (scope: string) => holds(scopes, scope, name);
    const rights: Rights = held(writeScope) ? 'write' : held(readScope) ? 'read' : 'none';
    const logins = textsAt(model.data, rules.login ?? ['name']);
    const profile = { logins, email: null, firstName: '', lastName: '' };
    return { identity: { issuer: id, subject: name, profile }, rights, expires: Number.POSITIVE_INFINITY };
  }

  return foreignTokens({
    ...{ kind: 'jupyterhub', rules, accounts: options.accounts, nameOf: options.nameOf, recognise },
    look: (secret, name, now) => verdicts.verdict(name, now, () => inquire(secret)),
    lacking: `This token of the JupyterHub has neither the scope ${readScope} nor ${writeScope}.`,
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
/** Neither ours nor a JWT, whatever the hub's tokens are said to look like: those are shown to nobody else. */
export function opaque(text: string): boolean {
  return printable.test(text) && parseToken(text) === undefined && !looksLikeJwt(text);
}
