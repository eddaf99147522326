import type { Command } from 'commander';
import { isStoreError, StoreError } from '../core/error.ts';
import { type StoreFlags, storeCommand, userOf, withHouse } from './house.ts';
import { formatDate, output, table } from './output.ts';

interface LinkFlags extends StoreFlags {
  readonly issuer: string;
  readonly subject: string;
}

const subjectHelp = 'who it is there: the sub of its tokens, the id of a GitHub user';

export function linkCommand(): Command {
  return storeCommand('link')
    .description("let a person in by an account elsewhere, by that issuer's tokens")
    .argument('<login>')
    .requiredOption('--issuer <url>', 'as identity.issuers names it, to the letter')
    .requiredOption('--subject <sub>', subjectHelp)
    .addHelpText(
      'after',
      '\nExample:\n  hearth user link ada.l --issuer https://orcid.org --subject 0000-0002-1825-0097',
    )
    .action(link);
}

export function unlinkCommand(): Command {
  return storeCommand('unlink')
    .description('end that; the tokens of that account are refused at once')
    .requiredOption('--issuer <url>')
    .requiredOption('--subject <sub>', subjectHelp)
    .action(unlink);
}

export function linksCommand(): Command {
  return storeCommand('links')
    .description('accounts elsewhere by which a person may come in')
    .argument('<login>')
    .action(links);
}

function link(login: string, flags: LinkFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const { accounts } = house.catalog;
    const user = await userOf(house, login);
    const { issuer, subject } = flags;
    const made = { issuer, subject, user: user.id, created: house.clock() };
    await accounts.link(made).catch(async (cause: unknown) => {
      if (!isStoreError(cause, 'exists')) throw cause;
      const owner = await accounts.linked(issuer, subject);
      const message = `${subject} of ${issuer} is linked to ${owner?.login ?? 'somebody'} already; "hearth user unlink" would end that.`;
      throw new StoreError('exists', { message, cause });
    });
    output(flags).result(
      { login: user.login, issuer, subject },
      `${subject} of ${issuer} is ${user.login} now.`,
    );
  });
}

function unlink(flags: LinkFlags): Promise<void> {
  return withHouse(flags, async ({ catalog }) => {
    const { issuer, subject } = flags;
    if (!(await catalog.accounts.unlink(issuer, subject))) {
      throw new StoreError('not-found', { message: `${subject} of ${issuer} is linked to nobody.` });
    }
    output(flags).result({ issuer, subject, unlinked: true }, `${subject} of ${issuer} is nobody here now.`);
  });
}

function links(login: string, flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const found = await house.catalog.accounts.links(user.id);
    const rows = found.map(({ issuer, subject, created }) => [issuer, subject, formatDate(created)]);
    const text = rows.length === 0 ? `${user.login} has none.` : table(['issuer', 'subject', 'since'], rows);
    output(flags).result(
      found.map(({ issuer, subject, created }) => ({ issuer, subject, created })),
      text,
    );
  });
}
