import { StoreError } from '../core/error.ts';
import { describedBy, protectedResource } from '../http/protected-resource.ts';
import { type Answer, json } from './asked.ts';

/** GET /.well-known/oauth-protected-resource, and the same with a path of `/homes` or below (RFC 9728 §3). */
export const metadata =
  (path: string): Answer =>
  async ({ desk, origin }) => {
    const resource = describedBy(path) ?? '';
    const host = origin();
    if (host === undefined || !(resource === '' || /^\/(?:homes|api\/hearth\/v1)(?:\/|$)/.test(resource))) {
      throw new StoreError('not-found', { message: 'There is no such resource.' });
    }
    const reply = json(200, protectedResource(`${host}${resource}`, desk.issuers));
    return { ...reply, headers: { ...reply.headers, 'Cache-Control': 'public, max-age=300' } };
  };
