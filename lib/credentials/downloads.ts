import { z } from 'zod';
import type { SignedDownload } from '../auth/signed-download.ts';
import type { Content } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { Entry } from '../core/values.ts';
import { type ContentReply, contentReply } from '../http/content.ts';
import { HttpError } from '../http/errors.ts';
import { type Answer, json, principalOf } from './asked.ts';
import { readBody } from './body.ts';
import { checkRoom, workspacePath } from './grants.ts';

/** Seconds: a link is a secret in an address, and must not live long. */
const longest = 3_600;

const schema = z.strictObject({
  path: z.string().min(1).max(4096),
  version: z.union([z.literal(true), z.string().max(200)]).optional(),
  expiresIn: z.int().min(1).max(longest).optional(),
});
const usage = `It must hold path, and may hold version (true, or an ETag without quotes) and expiresIn (1 to ${longest} seconds).`;

/** POST downloads: an address that gives one file, for some minutes, to whoever has it. */
export const makeDownload: Answer = async (asked) => {
  const { desk, now } = asked;
  const principal = await principalOf(asked);
  const { path: text, version: wanted, expiresIn } = await readBody(asked, schema, usage);
  const path = workspacePath(text, principal.login);
  const entry = await desk.workspaces.open(principal).stat({ path });
  const where = formatPath(path);
  if (entry.kind === 'folder') {
    throw new HttpError(400, 'is-folder', `${where} is a folder; a link is for one file.`);
  }
  if (typeof wanted === 'string' && wanted !== entry.version) {
    throw new StoreError('stale', { path: where, message: `${where} is another version than that.` });
  }
  await checkRoom(asked, principal.user);
  const life = expiresIn === undefined ? desk.downloadLifetime : expiresIn * 1000;
  // In whole seconds, as the signature has it; never less than was asked for.
  const expires = Math.ceil((now + life) / 1000) * 1000;
  const version = wanted === undefined ? {} : { version: entry.version };
  const request = { user: principal.user, entry, expires, ...version };
  const { signature, id } = await desk.downloads.issue(request, now);
  const place = `/api/hearth/v1/downloads/${entry.id}/${encodeURIComponent(entry.name)}`;
  return json(201, { url: `${asked.origin() ?? ''}${place}?signature=${signature}`, id, expires });
};

/** GET and HEAD of a signed address: the file as everywhere, ranges too, for nobody's cache. */
export const download: Answer = async (asked) => {
  const { desk, headers, method, now, query, rest, seen } = asked;
  const [id = '', name = ''] = rest;
  const opened = await desk.downloads.open(query.get('signature') ?? '', { id, name }, now);
  seen.principal = opened.principal;
  const workspace = desk.workspaces.open(opened.principal);
  const address = { from: opened.entry, path: [] };
  const reply = await contentReply({
    method,
    headers: headers as Readonly<Record<string, string | undefined>>,
    path: `/${name}`,
    stat: async () => pinned(opened, await workspace.stat(address)),
    read: async (range) => pinnedContent(opened, await workspace.read(address, range)),
    folder: () => {
      throw new StoreError('is-folder', { op: 'read', path: `/${name}` });
    },
  });
  return { ...reply, headers: guarded(reply, name) };
};

function pinned({ version }: SignedDownload, entry: Entry): Entry {
  if (version === undefined || entry.version === version) return entry;
  throw new HttpError(410, 'stale', 'The file was changed, and this link was for the version before.');
}

async function pinnedContent(opened: SignedDownload, content: Content): Promise<Content> {
  try {
    pinned(opened, content.entry);
    return content;
  } catch (error) {
    const { body } = content;
    if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
    throw error;
  }
}

function guarded({ headers }: ContentReply, name: string): NonNullable<ContentReply['headers']> {
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    ...headers,
    'Cache-Control': 'private, no-store',
    'Content-Disposition': `attachment; filename*=UTF-8''${encoded}`,
  };
}
