import type { DavRequest } from './verb.ts';

/** `Prefer: return=minimal` (RFC 7240 §4.2, RFC 8144). */
export function preferMinimal(request: Pick<DavRequest, 'headers'>): boolean {
  return /(?:^|,)\s*return\s*=\s*"?minimal"?\s*(?:[;,]|$)/i.test(request.headers.prefer ?? '');
}
