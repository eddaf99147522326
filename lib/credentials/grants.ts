import type { Grant } from '../auth/grant.ts';
import { StoreError } from '../core/error.ts';
import { type Path, parseName } from '../core/path.ts';
import type { EntryId, Principal } from '../core/values.ts';
import { HttpError } from '../http/errors.ts';
import type { Asked, Desk } from './asked.ts';
import { insideHome } from './home-path.ts';

export interface Wish {
  readonly scope?: 'read' | 'write' | undefined;
  readonly path?: string | undefined;
  readonly name?: string | undefined;
}

/** What a new credential may do: what is wished, within what its maker's credential may. */
export async function grantOf(
  desk: Desk,
  principal: Principal,
  { scope, path, name = 'mount' }: Wish,
): Promise<Grant> {
  if (scope === 'write' && !principal.write) {
    throw new StoreError('denied', {
      scope: 'write',
      message: 'A credential that may only read makes none that may write.',
    });
  }
  const write = scope === undefined ? principal.write : scope === 'write';
  const root = path === undefined ? principal.root : await limitOf(desk, principal, path);
  return { user: principal.user, name, write, root };
}

const homeName = parseName('home');

/** The path of the workspace that a text means. */
export const workspacePath = (text: string, login: string): Path => [homeName, ...insideHome(text, login)];

async function limitOf(desk: Desk, principal: Principal, text: string): Promise<EntryId | null> {
  const path = workspacePath(text, principal.login);
  const entry = await desk.workspaces.open(principal).stat({ path });
  if (principal.root === null) return path.length === 1 ? null : entry.id;
  // The folders above a limit can be seen, and are not within it.
  const chain = (await desk.resolve(entry.id, []))?.chain ?? [];
  if (chain.some(({ id }) => id === principal.root)) return entry.id;
  throw new StoreError('denied', { scope: 'read', message: 'This credential is limited to another folder.' });
}

/** Tickets, mounts and links that one person may have at once. */
const most = 1_000;

/** Throws 429 where a person has so many that something must be wrong. */
export async function checkRoom({ desk, now }: Asked, user: string): Promise<void> {
  const live = (await desk.accounts.tokens(user)).filter(
    ({ kind, expires }) => kind !== 'password' && (expires === null || expires > now),
  );
  if (live.length < most) return;
  const message = `There are ${most} tickets, mounts and links of yours already; revoke some, or wait until they end.`;
  throw new HttpError(429, 'unavailable', message);
}
