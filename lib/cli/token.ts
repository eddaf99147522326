import { Command, Option } from 'commander';
import type { House } from '../app/compose.ts';
import { parseDuration } from '../app/units.ts';
import { mintAppPassword } from '../auth/app-password.ts';
import { publishAhead } from '../auth/signing-keys.ts';
import { parseToken } from '../auth/token-text.ts';
import { StoreError } from '../core/error.ts';
import { formatPath } from '../core/path.ts';
import type { EntryId, TokenRecord, User } from '../core/values.ts';
import { insideHome } from '../credentials/home-path.ts';
import { usageError } from './exit.ts';
import { type StoreFlags, storeCommand, userOf, withHouse } from './house.ts';
import { formatDate, output, table } from './output.ts';

interface ScopeFlags extends StoreFlags {
  readonly scope: 'read' | 'write';
  readonly path?: string;
  readonly name: string;
}

interface CreateFlags extends ScopeFlags {
  readonly expires?: string;
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('app passwords, access tokens, mount tickets; mounts and links that are live')
    .addCommand(createCommand())
    .addCommand(ticketCommand())
    .addCommand(
      storeCommand('list')
        .description('tokens, tickets, mounts and links of a person, or of everybody; never their secrets')
        .argument('[login]')
        .action(list),
    )
    .addCommand(
      storeCommand('revoke')
        .description('end tokens, mounts and links at once, in running servers too')
        .argument('<id...>', 'as "hearth token list" shows it: of a token the part before the underscore')
        .action(revoke),
    )
    .addCommand(
      storeCommand('rotate-keys')
        .description('sign mounts and links with another key from now on; those that are live go on')
        .action(rotateKeys),
    );
}

/** What a new credential may be limited to. */
function scopedCommand(name: string): Command {
  return storeCommand(name)
    .argument('<login>')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'write']).default('write'))
    .option(
      '--path <prefix>',
      'limit it to this folder of the home; it follows the folder when that is moved',
    );
}

function ticketCommand(): Command {
  return scopedCommand('ticket')
    .description('make a mount ticket and print it, alone, on stdout: good once, for a minute')
    .option('--name <name>', 'what is mounted, in the list of tokens', 'mount')
    .addHelpText(
      'after',
      `
Whoever mounts exchanges it for the mount's own credential: POST /api/hearth/v1/mounts {"ticket": "…"}.

Example:
  hearth token ticket ada.l --scope read --path /papers`,
    )
    .action(ticket);
}

function ticket(login: string, flags: ScopeFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const root = flags.path === undefined ? null : await limitOf(house, user, flags.path);
    const grant = { user: user.id, name: flags.name, write: flags.scope === 'write', root };
    const { text, record } = await house.credentials.tickets.issue(grant, house.clock());
    output(flags).result({ ...view(record), login, ticket: text }, text);
  });
}

function createCommand(): Command {
  return scopedCommand('create')
    .description('make a token and print it, alone, on stdout; it is shown this once')
    .option('--expires <duration>', 'how long it is good, such as 30d or 12h (default: until revoked)')
    .option('--name <name>', 'what it is for', 'app password')
    .addHelpText(
      'after',
      `
It works as the password of the login (WebDAV clients), as "Authorization: Bearer …" and as "Girder-Token: …".

Examples:
  hearth token create ada.l --name laptop
  hearth token create ada.l --scope read --path /papers --expires 30d
  TOKEN=$(hearth token create ada.l --expires 1h)`,
    )
    .action(create);
}

function create(login: string, flags: CreateFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const now = house.clock();
    const root = flags.path === undefined ? undefined : await limitOf(house, user, flags.path);
    const ends = flags.expires === undefined ? undefined : parseDuration(flags.expires);
    if (flags.expires !== undefined && (ends === undefined || ends === 0)) {
      throw usageError(`${JSON.stringify(flags.expires)} is no duration; write 30d or 12h.`);
    }
    const request = {
      user: user.id,
      name: flags.name,
      write: flags.scope === 'write',
      ...(root === undefined ? {} : { root }),
      ...(ends === undefined ? {} : { expires: now + ends }),
    };
    const { text, record } = mintAppPassword(house.key, request, now);
    await house.catalog.accounts.createToken(record);
    const out = output(flags);
    out.result({ ...view(record), login, token: text }, text);
    if (process.stdout.isTTY)
      out.note(`Keep it now; it cannot be shown again. End it with: hearth token revoke ${record.id}`);
  });
}

async function limitOf(house: House, user: User, text: string): Promise<EntryId> {
  const path = insideHome(text, user.login);
  const found = await house.catalog.resolve(user.home, path);
  const entry = found?.chain.at(-1);
  if (found !== undefined && found.missing.length === 0 && entry !== undefined) return entry.id;
  const message = `${formatPath(path)} is not there in the home of ${user.login}; make it first.`;
  throw new StoreError('not-found', { message });
}

function list(login: string | undefined, flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const users = login === undefined ? await everybody(house) : [await userOf(house, login)];
    const found = [];
    for (const user of users) {
      for (const token of await house.catalog.accounts.tokens(user.id)) {
        found.push({ login: user.login, ...view(token), path: await pathOf(house, token) });
      }
    }
    const rows = found.map((token) => [
      token.id,
      token.login,
      token.kind,
      printable(token.name),
      token.scope,
      token.path ?? '-',
      formatDate(token.created),
      formatDate(token.expires),
      formatDate(token.lastUsed),
    ]);
    const head = ['id', 'login', 'kind', 'name', 'scope', 'path', 'created', 'expires', 'last used'];
    output(flags).result(found, rows.length === 0 ? 'No tokens.' : table(head, rows));
  });
}

/** A name may be a file's: nothing that steers the terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');

async function everybody(house: House): Promise<readonly User[]> {
  const users: User[] = [];
  for await (const page of house.catalog.accounts.users()) users.push(...page);
  return users;
}

async function pathOf(house: House, token: TokenRecord): Promise<string | null> {
  if (token.root === null) return null;
  const chain = (await house.catalog.resolve(token.root, []))?.chain;
  return chain === undefined ? '(gone)' : formatPath(chain.slice(1).map((entry) => entry.name));
}

function revoke(ids: readonly string[], flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const missing: string[] = [];
    for (const text of ids) {
      const id = parseToken(text)?.id ?? text;
      if (!(await house.catalog.accounts.revokeToken(id))) missing.push(id);
    }
    const revoked = ids.length - missing.length;
    output(flags).result({ revoked, missing }, `Revoked ${revoked}.`);
    if (missing.length > 0) {
      const message = `No token has the id ${missing.join(', ')}; "hearth token list" shows those there are.`;
      throw new StoreError('not-found', { message });
    }
  });
}

function rotateKeys(flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const from = house.clock() + publishAhead;
    await house.credentials.keys.rotate(house.clock());
    output(flags).result({ from }, `Another key signs from ${new Date(from).toISOString()} on.`);
  });
}

function view(token: TokenRecord) {
  const { id, kind, name, root, created, expires, lastUsed } = token;
  return { id, kind, name, scope: token.write ? 'write' : 'read', root, created, expires, lastUsed };
}
