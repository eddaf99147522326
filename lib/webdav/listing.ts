import type { Entry } from '../core/values.ts';
import { isoDate } from '../http/dates.ts';
import type { ReadRequest } from './read-request.ts';
import { encodeName } from './urls.ts';
import type { Reply } from './verb.ts';
import { escapeXml } from './xml-write.ts';

/** A folder for a browser: plain HTML, escaped, without a script, in a stream. */
export function listing(request: ReadRequest, folder: Entry): Reply {
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'private, no-cache',
    'Last-Modified': new Date(folder.modified).toUTCString(),
  };
  return request.method === 'HEAD' ? { status: 200, headers } : { status: 200, headers, body: page(request) };
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222;background:#fff}' +
  'table{border-collapse:collapse;width:100%}th{text-align:left}th,td{padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}' +
  'td+td,th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}a{color:#0550ae;overflow-wrap:anywhere}' +
  '@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#79b8ff}th,td{border-color:#444}}';

const chunkLength = 32_768;

async function* page(request: ReadRequest): AsyncGenerator<string> {
  const href = request.urls.href(request.path, true);
  let text = start(href);
  for await (const entries of request.workspace.list({ path: request.path })) {
    for (const entry of entries) {
      text += row(href, entry);
      if (text.length < chunkLength) continue;
      yield text;
      text = '';
    }
  }
  yield `${text}</tbody></table></body></html>\n`;
}

function start(href: string): string {
  const title = escapeXml(decodeURIComponent(href));
  const above = href.slice(0, href.lastIndexOf('/', href.length - 2) + 1);
  const up = above === '' ? '' : `<tr><td><a href="${above}">..</a></td><td></td><td></td></tr>`;
  return (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${title}</title><style>${style}</style></head><body><h1>${title}</h1>` +
    `<table><thead><tr><th>Name</th><th>Size</th><th>Changed (UTC)</th></tr></thead><tbody>${up}`
  );
}

function row(href: string, entry: Entry): string {
  const end = entry.kind === 'folder' ? '/' : '';
  const date = isoDate(entry.modified);
  const size = entry.kind === 'folder' ? '' : formatSize(entry.size);
  return (
    `<tr><td><a href="${href}${encodeName(entry.name)}${end}">${escapeXml(entry.name)}${end}</a></td>` +
    `<td title="${entry.size} bytes">${size}</td><td>${date.slice(0, 10)} ${date.slice(11, 16)}</td></tr>\n`
  );
}

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  const value = bytes / 1024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`;
}
