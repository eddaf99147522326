import type { ReadVerb } from './read-request.ts';
import { failed } from './refusal.ts';

/** REPORT (RFC 3253 §3.6): `supported-report-set` is empty, and whatever is asked for is not in it. */
export const report: ReadVerb = async ({ path, workspace }) => {
  await workspace.stat({ path });
  return failed(403, '<D:supported-report/>');
};
