import { Command } from 'commander';
import type { House } from '../app/compose.ts';
import { createUser } from '../app/people.ts';
import { formatSize, parseDuration, parseSize } from '../app/units.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { User } from '../core/values.ts';
import { usageError } from './exit.ts';
import { type StoreFlags, storeCommand, userOf, withHouse } from './house.ts';
import { formatDate, output, table } from './output.ts';
import { linkCommand, linksCommand, unlinkCommand } from './user-link.ts';

interface AddFlags extends StoreFlags {
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly admin?: boolean;
  readonly quota?: string;
}

interface RemoveFlags extends StoreFlags {
  readonly now?: boolean;
  readonly grace: string;
}

export function userCommand(): Command {
  return new Command('user')
    .description('people and their homes')
    .addCommand(addCommand())
    .addCommand(storeCommand('list').description('everybody, with what they use').action(list))
    .addCommand(
      storeCommand('quota')
        .description('show or set how much a home may hold')
        .argument('<login>')
        .argument('[size]', 'such as 10GiB or 500MB; "none" for no limit')
        .addHelpText('after', '\nExamples:\n  hearth user quota ada.l 10GiB\n  hearth user quota ada.l none')
        .action(quota),
    )
    .addCommand(
      storeCommand('disable')
        .description('lock a person out at once; the home stays as it is')
        .argument('<login>')
        .action((login: string, flags: StoreFlags) => setStatus(login, 'disabled', flags)),
    )
    .addCommand(
      storeCommand('enable')
        .description('let a person in again; also undoes "user remove" while its grace period runs')
        .argument('<login>')
        .action((login: string, flags: StoreFlags) => setStatus(login, 'enabled', flags)),
    )
    .addCommand(linkCommand())
    .addCommand(unlinkCommand())
    .addCommand(linksCommand())
    .addCommand(removeCommand());
}

function addCommand(): Command {
  return storeCommand('add')
    .description('make a user with an empty home')
    .argument('<login>', '4 to 64 letters, digits, dots and dashes, a letter first')
    .option('--email <address>')
    .option('--first-name <name>')
    .option('--last-name <name>')
    .option('--admin', 'may administer the installation')
    .option('--quota <size>', 'how much the home may hold, such as 10GiB')
    .addHelpText(
      'after',
      '\nExample:\n  hearth user add ada.l --email ada@example.org --quota 50GiB\n  hearth token create ada.l --name laptop',
    )
    .action(add);
}

function removeCommand(): Command {
  return storeCommand('remove')
    .description('lock a person out at once and remove account, home and tokens after a grace period')
    .argument('<login>')
    .option('--grace <duration>', 'how long "hearth user enable" can undo it', '30d')
    .option('--now', 'remove everything at once; nothing can undo it')
    .action(remove);
}

function add(login: string, flags: AddFlags): Promise<void> {
  return withHouse(
    flags,
    async (house) => {
      const { accounts } = house.catalog;
      const quotaBytes = flags.quota === undefined ? null : quotaOf(flags.quota);
      const request = { ...flags, login, quota: quotaBytes };
      const user = await createUser(accounts, house.ids, request, house.clock()).catch((error: unknown) => {
        if (!isStoreError(error, 'exists')) throw error;
        const message = `There is a user ${login} already; nothing was changed.`;
        throw new StoreError('exists', { message, cause: error });
      });
      const next = `Next, an app password: hearth token create ${user.login} --name laptop`;
      output(flags).result(view(user), `Made ${user.login}. ${next}`);
    },
    { create: true },
  );
}

function list(flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const found = [];
    for await (const page of house.catalog.accounts.users()) {
      for (const user of page) found.push(await withUsage(house, user));
    }
    const rows = found.map((user) => [
      user.login,
      state(user),
      formatSize(user.used),
      user.quota === null ? 'no limit' : formatSize(user.quota),
      formatDate(user.created),
    ]);
    const text = rows.length === 0 ? 'Nobody yet; make the first: hearth user add LOGIN' : undefined;
    output(flags).result(found, text ?? table(['login', 'state', 'used', 'quota', 'since'], rows));
  });
}

function quota(login: string, size: string | undefined, flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const changed =
      size === undefined ? user : await house.catalog.accounts.updateUser(user.id, { quota: quotaOf(size) });
    const seen = await withUsage(house, changed);
    const limit = seen.quota === null ? 'no limit' : formatSize(seen.quota);
    const trash = seen.trashed === 0 ? '' : ` (${formatSize(seen.trashed)} of it in the trash)`;
    output(flags).result(seen, `${login} uses ${formatSize(seen.used)}${trash} of ${limit}.`);
  });
}

function quotaOf(text: string): number | null {
  if (text === 'none') return null;
  const bytes = parseSize(text);
  if (bytes === undefined)
    throw usageError(`${JSON.stringify(text)} is no size; write 10GiB, 500MB or none.`);
  return bytes;
}

function setStatus(login: string, status: 'enabled' | 'disabled', flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const patch = status === 'enabled' ? { status, removeAfter: null } : { status };
    const changed = await house.catalog.accounts.updateUser(user.id, patch);
    const undone = status === 'enabled' && user.removeAfter !== null ? ' The removal is off.' : '';
    output(flags).result(view(changed), `${login} is ${status}.${undone}`);
  });
}

function remove(login: string, flags: RemoveFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const { accounts } = house.catalog;
    if (flags.now === true) {
      await accounts.eraseUser(user.id);
      output(flags).result({ login, erased: true }, `${login} and everything of theirs is gone.`);
      return;
    }
    const grace = parseDuration(flags.grace);
    if (grace === undefined)
      throw usageError(`${JSON.stringify(flags.grace)} is no duration; write 30d or 12h.`);
    const removeAfter = house.clock() + grace;
    const changed = await accounts.updateUser(user.id, { status: 'disabled', removeAfter });
    const text = `${login} is locked out; the home goes after ${formatDate(removeAfter)} UTC.\nUndo with: hearth user enable ${login}`;
    output(flags).result(view(changed), text);
  });
}

async function withUsage(house: House, user: User) {
  const { used, trashed } = await house.catalog.usage(user.home);
  return { ...view(user), used, trashed };
}

function view(user: User) {
  const { id, login, email, firstName, lastName, admin, status, created, quota: limit, removeAfter } = user;
  return { id, login, email, firstName, lastName, admin, status, created, quota: limit, removeAfter };
}

function state(user: Pick<User, 'status' | 'removeAfter' | 'admin'>): string {
  if (user.removeAfter !== null) return `removed after ${formatDate(user.removeAfter).slice(0, 10)}`;
  return user.status === 'enabled' && user.admin ? 'admin' : user.status;
}
