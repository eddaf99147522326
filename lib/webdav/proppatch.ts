import { StoreError } from '../core/error.ts';
import { guardOf } from './guard.ts';
import { preferMinimal } from './prefer.ts';
import { instructions, plan } from './property-update.ts';
import { propstats } from './propstat.ts';
import { refusing } from './refusal.ts';
import type { Reply, Verb } from './verb.ts';
import { parseXml } from './xml-read.ts';
import { escapeXml } from './xml-write.ts';

/** PROPPATCH (RFC 4918 §9.2): all of it or nothing. */
export const proppatch: Verb = refusing(async (request) => {
  const { path, urls, workspace } = request;
  const update = await parseXml(request.body);
  if (update?.name !== '{DAV:}propertyupdate') {
    throw new StoreError('invalid', { message: 'PROPPATCH needs a DAV:propertyupdate as its body.' });
  }
  const guard = await guardOf(request);
  const entry = await workspace.stat({ path });
  const planned = plan(instructions(update), entry);
  if (planned.names.length === 0) {
    throw new StoreError('invalid', { message: 'The DAV:propertyupdate names no property.' });
  }
  if (planned.refused.size === 0) {
    await workspace.annotate({ path }, planned.annotation, guard);
    if (preferMinimal(request)) return { status: 200, headers: { 'Preference-Applied': 'return=minimal' } };
  }
  return multistatus(urls.href(path, entry.kind === 'folder'), propstats(planned));
});

function multistatus(href: string, content: string): Reply {
  return {
    status: 207,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"' },
    body:
      '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:"><D:response>' +
      `<D:href>${escapeXml(href)}</D:href>${content}</D:response></D:multistatus>`,
  };
}
