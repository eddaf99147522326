import { Command } from 'commander';
import { formatSize, parseDuration } from '../app/units.ts';
import { StoreError } from '../core/error.ts';
import { formatPath, parsePath } from '../core/path.ts';
import type { TrashRecord } from '../core/values.ts';
import { usageError } from './exit.ts';
import { type StoreFlags, storeCommand, userOf, withHouse, workspaceOf } from './house.ts';
import { formatDate, output, table } from './output.ts';

interface RestoreFlags extends StoreFlags {
  readonly to?: string;
}

interface EmptyFlags extends StoreFlags {
  readonly olderThan: string;
}

/** Rows that one step of emptying takes. */
const sweepStep = 500;

export function trashCommand(): Command {
  return new Command('trash')
    .description('removed files and folders: restorable for 30 days unless configured otherwise')
    .addCommand(
      storeCommand('list').description('what is in the trash of a person').argument('<login>').action(list),
    )
    .addCommand(
      storeCommand('restore')
        .description('put a removed file or folder back')
        .argument('<login>')
        .argument('<id>', 'as "trash list" shows it')
        .option('--to <path>', 'where to, when its old place is taken or gone')
        .addHelpText(
          'after',
          '\nExamples:\n  hearth trash restore ada.l 66a1f0…\n  hearth trash restore ada.l 66a1f0… --to /rescued/draft.tex',
        )
        .action(restore),
    )
    .addCommand(
      storeCommand('empty')
        .description('remove what is in the trash for good; "gc" frees the bytes later')
        .argument('<login>')
        .option('--older-than <duration>', 'only what was removed longer ago', '0s')
        .action(empty),
    );
}

function list(login: string, flags: StoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const records = await workspaceOf(house, await userOf(house, login)).trash();
    const found = [];
    for (const record of records) {
      const chain = (await house.catalog.resolve(record.parent, []))?.chain;
      const names = chain?.slice(1).map((entry) => entry.name);
      found.push({ ...view(record), path: names === undefined ? null : formatPath([...names, record.name]) });
    }
    const rows = found.map((one) => [
      one.id,
      one.kind,
      formatDate(one.removed),
      one.size === null ? '?' : formatSize(one.size),
      one.path ?? `${one.name} (its folder is gone)`,
    ]);
    const text = rows.length === 0 ? 'The trash is empty.' : undefined;
    output(flags).result(found, text ?? table(['id', 'kind', 'removed', 'size', 'was'], rows));
  });
}

function view(record: TrashRecord) {
  const { entry, removed, name, size } = record;
  return { id: entry.id, kind: entry.kind, name, removed, size };
}

function restore(login: string, id: string, flags: RestoreFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const user = await userOf(house, login);
    const workspace = workspaceOf(house, user);
    if (!(await workspace.trash()).some((record) => record.entry.id === id)) {
      const message = `The trash of ${login} has no ${id}; "hearth trash list ${login}" shows what it has.`;
      throw new StoreError('not-found', { message });
    }
    const to = flags.to === undefined ? undefined : { path: parsePath(`/home/${flags.to}`) };
    const entry = await workspace.restore(id, to);
    const chain = (await house.catalog.resolve(entry.id, []))?.chain ?? [];
    const path = formatPath(chain.slice(1).map((one) => one.name));
    output(flags).result({ id: entry.id, path }, `Restored ${path}.`);
  });
}

function empty(login: string, flags: EmptyFlags): Promise<void> {
  return withHouse(flags, async (house) => {
    const age = parseDuration(flags.olderThan);
    if (age === undefined)
      throw usageError(`${JSON.stringify(flags.olderThan)} is no duration; write 7d or 12h.`);
    const user = await userOf(house, login);
    const before = house.clock() - age + 1;
    let rows = 0;
    for (;;) {
      const step = await house.catalog.upkeep.sweep(before, sweepStep, user.home);
      rows += step;
      if (step === 0) break;
    }
    const { trashed } = await house.catalog.usage(user.home);
    output(flags).result(
      { removed: rows, trashed },
      `Removed ${rows} from the trash; ${formatSize(trashed)} are left in it.`,
    );
  });
}
