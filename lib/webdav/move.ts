import { onlyDeep } from './depth.ts';
import { rearrange } from './destination.ts';
import { refusing } from './refusal.ts';
import type { Verb } from './verb.ts';

/** MOVE (RFC 4918 §9.9). Locks stay behind; dead properties go along. */
export const move: Verb = refusing(async (request) => {
  await onlyDeep(request);
  return rearrange(request, (to, guard) =>
    request.workspace.move({ path: request.path }, { path: to }, guard),
  );
});
