import { z } from 'zod';
import { principalOf as principalOfToken } from '../auth/credential.ts';
import type { MountCredential } from '../auth/mount-credential.ts';
import { StoreError } from '../core/error.ts';
import type { Principal } from '../core/values.ts';
import { credentialOf } from '../http/authenticate.ts';
import { type Answer, type Asked, json, principalOf } from './asked.ts';
import { readBody, wish } from './body.ts';
import { checkRoom, grantOf } from './grants.ts';

const schema = z.strictObject({ ...wish, ticket: z.string().max(200).optional() });
const usage =
  'It may hold ticket (then no Authorization is needed), scope ("read" or "write"), path and name.';

/** POST mounts: a credential for a mount, from a ticket or from any other credential. */
export const makeMount: Answer = async (asked) => {
  const { desk, now } = asked;
  const { ticket, ...wished } = await readBody(asked, schema, usage);
  const { principal, name } = await exchanged(asked, ticket);
  const grant = await grantOf(desk, principal, name === undefined ? wished : { name, ...wished });
  await checkRoom(asked, principal.user);
  return json(201, view(await desk.mounts.issue(grant, now), principal.login));
};

interface Exchanged {
  readonly principal: Principal;
  readonly name?: string;
}

async function exchanged(asked: Asked, ticket: string | undefined): Promise<Exchanged> {
  if (ticket === undefined) return { principal: await principalOf(asked) };
  const { token, user } = await asked.desk.tickets.redeem(ticket, asked.now);
  const principal = principalOfToken(user, token);
  asked.seen.principal = principal;
  return { principal, name: token.name };
}

/** POST mounts/renew: with the mount's own credential, which may have ended while nobody looked. */
export const renewMount: Answer = async ({ desk, headers, now, seen }) => {
  const credential = credentialOf(headers);
  if (credential === undefined) {
    const message = 'Send the credential that is to be renewed as Authorization: Bearer.';
    throw new StoreError('unauthenticated', { op: 'renew', message });
  }
  const renewed = await desk.mounts.renew(credential, now);
  seen.principal = renewed.principal;
  return json(200, view(renewed, renewed.principal.login));
};

function view(mount: MountCredential, login: string) {
  const { text, id, write, expires, renewAfter, renewUntil } = mount;
  return {
    credential: text,
    id,
    login,
    scope: write ? 'write' : 'read',
    expires,
    renewAfter,
    renewUntil,
  };
}
