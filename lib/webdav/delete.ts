import { isStoreError } from '../core/error.ts';
import { onlyDeep } from './depth.ts';
import { guardOf } from './guard.ts';
import { allInside, membersLocked } from './members.ts';
import { refusing } from './refusal.ts';
import type { Verb } from './verb.ts';

/** DELETE (RFC 4918 §9.6): the whole tree or nothing of it. */
export const remove: Verb = refusing(async (request) => {
  await onlyDeep(request);
  const guard = await guardOf(request);
  try {
    await request.workspace.remove({ path: request.path }, guard);
  } catch (error) {
    if (!isStoreError(error, 'locked') || !allInside(request, error.blockers)) throw error;
    return membersLocked(request, error.blockers, 'lock-token-submitted', false);
  }
  return { status: 204 };
});
