import { z } from 'zod';
import { type Answer, json, principalOf } from './asked.ts';
import { readBody, wish } from './body.ts';
import { checkRoom, grantOf } from './grants.ts';

const schema = z.strictObject(wish);
const usage = 'It may hold scope ("read" or "write"), path and name.';

/** POST tickets: something that mounts once, for another machine. */
export const makeTicket: Answer = async (asked) => {
  const { desk, now } = asked;
  const principal = await principalOf(asked);
  const grant = await grantOf(desk, principal, await readBody(asked, schema, usage));
  await checkRoom(asked, principal.user);
  const { text, record } = await desk.tickets.issue(grant, now);
  return json(201, { ticket: text, id: record.id, expires: record.expires });
};
