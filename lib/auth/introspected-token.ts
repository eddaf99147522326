import type { Authenticator, Credential } from '../core/contracts.ts';
import { isStoreError } from '../core/error.ts';
import type { Principal } from '../core/values.ts';
import { admit } from './admit.ts';
import { refused, tokenIn } from './credential.ts';
import type { Looked } from './introspection.ts';
import type { Issuer } from './issuer.ts';
import { issuerIn } from './jwt-text.ts';
import { type ForeignTokensOptions, rightful } from './jwt-token.ts';

interface Asked {
  readonly issuers: readonly Issuer[];
  /** Whether the text says that it is theirs. */
  readonly certain: boolean;
}

/**
 * Tokens that only their issuer can read, asked about by RFC 7662 and its like. Last in the chain: a text that nobody
 * recognised goes to the issuers in turn, passwords never.
 */
export function introspectedTokens({ issuers, accounts, hasher }: ForeignTokensOptions): Authenticator {
  async function authenticate(credential: Credential, now: number): Promise<Principal | undefined> {
    const text = tokenIn(credential);
    if (!tokenShape.test(text)) return undefined;
    const { issuers: asked, certain } = candidates(issuers, credential, text);
    if (asked.length === 0) return undefined;
    const hash = hasher(text);
    let down: unknown;
    for (const issuer of asked) {
      let looked: Looked | undefined;
      try {
        looked = await issuer.introspection?.look(text, hash, now);
      } catch (error) {
        if (!isStoreError(error, 'unavailable')) throw error;
        down = error;
      }
      if (looked === undefined) continue;
      const identity = rightful(looked);
      return admit(identity, {
        ...{ issuer, accounts, credential, hash, now },
        profile: () => issuer.userinfo(text, identity.subject, now),
      });
    }
    if (down !== undefined) throw down;
    if (certain) throw refused();
    return undefined;
  }

  return { authenticate };
}

/** RFC 6750 §2.1, of a length that cannot be guessed. */
const tokenShape = /^[A-Za-z0-9\-._~+/:]{16,4096}=*$/;

function candidates(all: readonly Issuer[], credential: Credential, text: string): Asked {
  const issuers = all.filter(({ introspection }) => introspection !== null);
  const signed = issuerIn(text);
  if (signed !== undefined) {
    return { issuers: issuers.filter(({ settings }) => settings.issuer === signed), certain: true };
  }
  const named = issuers.filter(({ settings }) => settings.prefixes.some((prefix) => text.startsWith(prefix)));
  if (named.length > 0) return { issuers: named, certain: true };
  // Somebody's password may stand here, which must not be told to others.
  if (credential.kind === 'basic' && credential.password === text) return { issuers: [], certain: false };
  return { issuers: issuers.filter(({ settings }) => settings.prefixes.length === 0), certain: false };
}
