import { isStoreError, StoreError } from '../core/error.ts';
import { guardOf } from './guard.ts';
import { failed, refusing } from './refusal.ts';
import type { Verb } from './verb.ts';

/** UNLOCK (RFC 4918 §9.11). Windows sends its token without angle brackets. */
export const unlock: Verb = refusing(async (request) => {
  const token = /^<?([^<>\s]{1,1024})>?$/.exec(request.headers['lock-token']?.trim() ?? '')?.[1];
  if (token === undefined) {
    throw new StoreError('invalid', { message: 'UNLOCK needs a Lock-Token header: <urn:uuid:…>.' });
  }
  await guardOf(request);
  try {
    await request.workspace.unlock({ path: request.path }, token);
  } catch (error) {
    if (isStoreError(error, 'not-found')) return failed(409, '<D:lock-token-matches-request-uri/>');
    throw error;
  }
  return { status: 204 };
});
