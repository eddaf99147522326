import type { HeldLock } from '../core/contracts.ts';
import { formatTimeout } from './timeout.ts';
import { escapeXml } from './xml-write.ts';

/** One `activelock` (RFC 4918 §14.1), in the prefix `D`. `root` is the href of the lock's root. */
export function activeLock(lock: HeldLock, root: string, now: number): string {
  return (
    `<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:${lock.scope}/></D:lockscope>` +
    `<D:depth>${lock.depth}</D:depth>${lock.owner === '' ? '' : `<D:owner>${lock.owner}</D:owner>`}` +
    `<D:timeout>${formatTimeout(lock.expires, now)}</D:timeout>` +
    `<D:locktoken><D:href>${escapeXml(lock.token)}</D:href></D:locktoken>` +
    `<D:lockroot><D:href>${escapeXml(root)}</D:href></D:lockroot></D:activelock>`
  );
}

/** The body of a reply to LOCK (§9.10.1). */
export function lockBody(active: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<D:prop xmlns:D="DAV:"><D:lockdiscovery>${active}</D:lockdiscovery></D:prop>`;
}
