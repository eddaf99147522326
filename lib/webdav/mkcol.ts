import { StoreError } from '../core/error.ts';
import type { Props } from '../core/values.ts';
import { guardOf } from './guard.ts';
import { type Instruction, instructions, plan } from './property-update.ts';
import { propstats } from './propstat.ts';
import { failed, refused, refusing } from './refusal.ts';
import type { DavRequest, Reply, Verb } from './verb.ts';
import { elementsOf } from './xml-element.ts';
import { parseXml } from './xml-read.ts';

/** MKCOL (RFC 4918 §9.3), with properties too (RFC 5689). */
export const mkcol: Verb = refusing(
  async (request) => {
    const guard = await guardOf(request);
    if (request.length === 0) return make(request, guard, {});
    const type = request.headers['content-type'];
    if (type !== undefined && !/^(application|text)\/xml *(;|$)/i.test(type)) {
      return refused(415, 'The body of MKCOL must be XML, or there must be none.');
    }
    const body = await parseXml(request.body);
    if (body === undefined) return make(request, guard, {});
    if (body.name !== '{DAV:}mkcol') return refused(415, 'The body of MKCOL must be a DAV:mkcol.');
    const steps = instructions(body);
    if (steps.some((step) => step.action === 'remove')) {
      throw new StoreError('invalid', { message: 'A DAV:mkcol can only set properties.' });
    }
    const [types, others] = [steps.filter(isType), steps.filter((step) => !isType(step))];
    if (!types.every(isCollection)) return failed(403, '<D:valid-resourcetype/>');
    const planned = plan(others, { mode: null, props: null });
    const { set, remove: _, ...live } = planned.annotation;
    if (planned.refused.size > 0) return mkcolResponse(propstats(planned));
    const reply = await make(request, guard, set ?? {});
    const { tokens = [] } = guard;
    if (Object.keys(live).length > 0)
      await request.workspace.annotate({ path: request.path }, live, { tokens });
    return reply;
  },
  { exists: 405, 'not-found': 409 },
);

type Guarded = Awaited<ReturnType<typeof guardOf>>;

async function make(request: DavRequest, guard: Guarded, props: Props): Promise<Reply> {
  await request.workspace.mkdir(
    { path: request.path },
    Object.keys(props).length === 0 ? guard : { ...guard, props },
  );
  return { status: 201 };
}

const isType = ({ property }: Instruction): boolean => property.name === '{DAV:}resourcetype';

const isCollection = ({ property }: Instruction): boolean =>
  elementsOf(property).length === 1 && elementsOf(property)[0]?.name === '{DAV:}collection';

/** RFC 5689 §3.1: what failed, and that the rest was not done. */
function mkcolResponse(content: string): Reply {
  return {
    status: 403,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<D:mkcol-response xmlns:D="DAV:">${content}</D:mkcol-response>`,
  };
}
