import { type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Accounts } from '../core/contracts.ts';
import type { TokenRecord, User } from '../core/values.ts';
import { mayEnter, refused } from './credential.ts';
import type { Grant } from './grant.ts';
import { subkey } from './server-key.ts';
import { formatToken, newTokenText, parseToken, secretHash } from './token-text.ts';

const purpose = 'hearth mount tickets v1';
const nobody = Buffer.alloc(32);

export interface MountTicketOptions {
  readonly accounts: Pick<Accounts, 'token' | 'createToken' | 'revokeToken'>;
  readonly key: KeyObject;
  /** Milliseconds from making to redeeming. */
  readonly lifetime: number;
}

export interface MountTickets {
  /** The text is shown once and kept nowhere. */
  issue(grant: Grant, now: number): Promise<{ readonly text: string; readonly record: TokenRecord }>;
  /** Good once, whoever else tries at the same moment, in whichever process. Throws `unauthenticated`. */
  redeem(text: string, now: number): Promise<{ readonly token: TokenRecord; readonly user: User }>;
}

/** What is handed to a machine that shall mount: worth nothing a minute later, and nothing to its second reader. */
export function mountTickets(options: MountTicketOptions): MountTickets {
  const { accounts, lifetime } = options;
  const key = subkey(options.key, purpose);
  return {
    async issue({ user, name, write, root }, now) {
      const text = newTokenText();
      const record: TokenRecord = {
        id: text.id,
        kind: 'ticket',
        hash: secretHash(key, text.secret),
        user,
        name,
        write,
        root,
        created: now,
        expires: now + lifetime,
        lastUsed: null,
      };
      await accounts.createToken(record);
      return { text: formatToken(text), record };
    },
    async redeem(given, now) {
      const text = parseToken(given);
      if (text === undefined) throw spent();
      const found = await accounts.token(text.id);
      const ticket = found?.token.kind === 'ticket' ? found.token : undefined;
      const right = timingSafeEqual(secretHash(key, text.secret), ticket?.hash ?? nobody);
      if (found === undefined || ticket === undefined || !right) throw spent();
      if ((ticket.expires ?? 0) <= now || !mayEnter(found.user)) throw spent();
      // Only one is told that it took the record away.
      if (!(await accounts.revokeToken(ticket.id))) throw spent();
      return { token: ticket, user: found.user };
    },
  };
}

const spent = () => refused('The ticket is not valid: it was used, or has ended. Ask for a new one.');
