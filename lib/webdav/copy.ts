import { depthOf } from './depth.ts';
import { rearrange } from './destination.ts';
import { refusing } from './refusal.ts';
import type { Verb } from './verb.ts';

/** COPY (RFC 4918 §9.8). `Depth: 0` copies a folder without its members. */
export const copy: Verb = refusing((request) => {
  const shallow = depthOf(request) === 0;
  return rearrange(request, (to, guard) =>
    request.workspace.copy({ path: request.path }, { path: to }, { ...guard, shallow }),
  );
});
