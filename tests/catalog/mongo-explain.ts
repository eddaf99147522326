import { type Document, MongoClient } from 'mongodb';
import type { CommandEvent } from '../../lib/catalog/mongo.ts';

/** Commands that look for documents, with what `explain` may be asked of them. */
const explained: Readonly<Record<string, readonly string[]>> = {
  find: ['find', 'filter', 'sort', 'limit', 'projection', 'hint'],
  aggregate: ['aggregate', 'pipeline', 'cursor'],
  distinct: ['distinct', 'key', 'query'],
  update: ['update', 'updates'],
  delete: ['delete', 'deletes'],
  findAndModify: ['findAndModify', 'query', 'update', 'new', 'upsert'],
};

/** One command for each statement of an update or delete: `explain` takes no more. */
function statements({ name, command = {} }: CommandEvent): readonly Document[] {
  const fields = explained[name];
  if (fields === undefined) return [];
  const plain = Object.fromEntries(
    fields.flatMap((field) => (field in command ? [[field, command[field]]] : [])),
  );
  const list = name === 'update' ? 'updates' : name === 'delete' ? 'deletes' : undefined;
  if (list === undefined) return [plain];
  return (plain[list] as readonly Document[]).map((one) => ({ ...plain, [list]: [one] }));
}

/** What a command looks like whatever the values are, so that each shape is explained once. */
function shapeOf(command: Document): string {
  return JSON.stringify(command, (_key, value) =>
    typeof value === 'string' && !value.startsWith('$') && !/^[a-zA-Z_.]+$/.test(value) ? '?' : value,
  ).replace(/\d+/g, '0');
}

/** Ours that read a whole collection on purpose, in order of `_id`, page by page. */
const walks = (command: Document): boolean => command.find === 'hearth_body' && command.filter === undefined;

/** Every stage of a plan, the pipelines of `$lookup` included. */
function* stages(plan: unknown): Iterable<Document> {
  if (Array.isArray(plan)) for (const each of plan) yield* stages(each);
  else if (typeof plan === 'object' && plan !== null) {
    const doc = plan as Document;
    if (typeof doc.stage === 'string' || 'collectionScans' in doc) yield doc;
    for (const value of Object.values(doc)) yield* stages(value);
  }
}

/** Commands whose winning plan, or a `$lookup` of theirs, has to read a whole collection. */
export async function notIndexed(url: string, commands: readonly CommandEvent[]): Promise<readonly string[]> {
  const client = await MongoClient.connect(url);
  try {
    const found: string[] = [];
    const seen = new Set<string>();
    for (const command of commands.flatMap(statements)) {
      const shape = shapeOf(command);
      if (seen.has(shape) || walks(command)) continue;
      seen.add(shape);
      const { ok, ...plan } = await client.db().command({ explain: command, verbosity: 'executionStats' });
      delete plan.command;
      for (const stage of stages(plan)) {
        const scans = Number(stage.collectionScans ?? 0);
        if (stage.stage === 'COLLSCAN' || scans > 0) found.push(JSON.stringify(command));
      }
      if (ok !== 1) found.push(`no answer to ${shape}`);
    }
    return [...new Set(found)];
  } finally {
    await client.close();
  }
}
