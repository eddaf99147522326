import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, type Document, MongoClient, ObjectId } from 'mongodb';
import { objectIds } from '../../lib/app/ids.ts';
import { mongoCatalog } from '../../lib/catalog/mongo.ts';
import type { Catalog, Change } from '../../lib/core/contracts.ts';

export const foldersOfHome = 10;
export const filesOfFolder = 9;
export const entriesOfHome = foldersOfHome * (1 + filesOfFolder);

const folderName = (n: number) => `folder ${n}`;
const fileName = (n: number) => `file ${n}.csv`;

/** What a measurement needs to know of a home. */
export interface Spot {
  readonly login: string;
  readonly token: string;
  readonly home: string;
  /** One of its folders, and a file in it. */
  readonly folder: string;
  readonly file: string;
  readonly names: readonly [string, string];
}

/** Collections whose documents are multiplied; the journal and what waits are short in a house that stands still. */
const copied = ['user', 'folder', 'item', 'file', 'hearth_home', 'hearth_login', 'hearth_token'];

export function draft(parent: string, name: string, seed: string) {
  const ref = createHash('sha512').update(seed).digest('hex');
  return {
    ...{ parent, name, size: 1024, version: ref.slice(0, 43), modified: Date.now(), mime: 'text/csv' },
    ...{ extents: [{ ref, offset: 0, length: 1024 }], checksums: { sha512: ref } },
  };
}

interface Template {
  readonly docs: readonly { readonly in: string; readonly doc: Document }[];
  readonly login: string;
  readonly home: string;
  readonly folders: readonly string[];
  /** By folder. */
  readonly files: readonly (readonly string[])[];
}

/** One home, made as every door makes it. */
async function made(catalog: Catalog, db: Db): Promise<Template> {
  const ids = objectIds();
  const login = 'home-0';
  const user = await catalog.accounts.createUser({
    ...{ id: ids(), login, email: null, firstName: 'A', lastName: 'B', admin: false },
    ...{ status: 'enabled', created: Date.now(), quota: 2 ** 40, removeAfter: null },
  });
  const change: Change = { by: user.id, now: Date.now(), durability: 'stored' };
  const token = { id: `token-${login}`, kind: 'password', hash: new Uint8Array(32), user: user.id } as const;
  const rights = { name: '', write: true, root: null, created: 0, expires: null, lastUsed: null };
  await catalog.accounts.createToken({ ...token, ...rights });
  const folders: string[] = [];
  const files: string[][] = [];
  for (let f = 0; f < foldersOfHome; f++) {
    const { id } = await catalog.mkdir({ parent: user.home, name: folderName(f), modified: 0 }, change);
    const puts = Array.from({ length: filesOfFolder }, (_, n) =>
      catalog.put(draft(id, fileName(n), `${f} ${n}`), change),
    );
    folders.push(id);
    files.push((await Promise.all(puts)).map(({ entry }) => entry.id));
  }
  await settled(db);
  const docs = [];
  for (const name of copied)
    for await (const doc of db.collection(name).find({}, { promoteLongs: false }))
      docs.push({ in: name, doc });
  return { docs, login, home: user.home, folders, files };
}

/** Until the home's document holds nothing more that waits. */
async function settled(db: Db): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const home = await db.collection('hearth_home').findOne({});
    if (home !== null && home.tail.length === 0 && home.dirty === undefined) return;
    await sleep(100);
  }
  throw new Error('the home has not been settled in 20 seconds');
}

/** A document under other ids: those of `ids`, wherever they stand, as an id or as text. */
function renamed(value: unknown, ids: ReadonlyMap<string, ObjectId>, text: (old: string) => string): unknown {
  if (typeof value === 'string') return ids.get(value)?.toHexString() ?? text(value);
  if (value instanceof ObjectId) return ids.get(value.toHexString()) ?? value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, ids, text));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const doc: Document = {};
  for (const key in value) doc[key] = renamed((value as Document)[key], ids, text);
  return doc;
}

const sha512 = /[0-9a-f]{128}/;
const batch = 2000;
const lanes = 4;

/** Fills a database with `homes` homes, each in the documents that the catalog has written for the first. */
export async function fill(url: string, homes: number, random: () => number): Promise<readonly Spot[]> {
  const client = await MongoClient.connect(url, { ignoreUndefined: true });
  try {
    const db = client.db();
    const catalog = await mongoCatalog({ url, ids: objectIds() });
    const template = await made(catalog, db).finally(() => catalog.close());
    const spots: Spot[] = [];
    const held = new Map(copied.map((name): [string, Document[]] => [name, []]));
    const flying = new Set<Promise<unknown>>();
    const flush = async (name: string) => {
      const docs = held.get(name) ?? [];
      held.set(name, []);
      if (docs.length === 0) return;
      while (flying.size >= lanes) await Promise.race(flying);
      const sent = db.collection(name).insertMany(docs, { ordered: false, writeConcern: { w: 1 } });
      flying.add(sent);
      sent.finally(() => flying.delete(sent));
    };
    const begin = performance.now();
    for (let n = 0; n < homes; n++) {
      const login = `home-${n}`;
      const ids = n === 0 ? new Map<string, ObjectId>() : freshIds(template);
      spots.push(spotOf(template, login, ids, random));
      if (n === 0) continue;
      const tail = ids.get(template.home)?.toHexString() ?? '';
      const text = (old: string) => {
        if (old === template.login) return login;
        if (old === `token-${template.login}`) return `token-${login}`;
        // Other bytes in every home.
        return old.length < 128 ? old : old.replace(sha512, (ref) => ref.slice(0, 104) + tail);
      };
      for (const { in: name, doc } of template.docs) {
        const docs = held.get(name);
        docs?.push(renamed(doc, ids, text) as Document);
        if (docs !== undefined && docs.length >= batch) await flush(name);
      }
      if (n % Math.ceil(homes / 10) === 0) {
        const seconds = ((performance.now() - begin) / 1000).toFixed(0);
        console.log(`  ${(n * entriesOfHome).toLocaleString('en-US')} entries, ${seconds} s`);
      }
    }
    for (const name of copied) await flush(name);
    await Promise.all(flying);
    await db.admin().command({ fsync: 1 });
    return spots;
  } finally {
    await client.close();
  }
}

const freshIds = ({ docs }: Template): ReadonlyMap<string, ObjectId> =>
  new Map(
    docs.flatMap(({ doc }) =>
      doc._id instanceof ObjectId ? [[doc._id.toHexString(), new ObjectId()] as const] : [],
    ),
  );

function spotOf(
  { home, folders, files }: Template,
  login: string,
  ids: ReadonlyMap<string, ObjectId>,
  random: () => number,
): Spot {
  const now = (id = '') => ids.get(id)?.toHexString() ?? id;
  const [f, n] = [Math.floor(random() * foldersOfHome), Math.floor(random() * filesOfFolder)];
  return {
    ...{ login, token: `token-${login}`, home: now(home), folder: now(folders[f]), file: now(files[f]?.[n]) },
    names: [folderName(f), fileName(n)],
  };
}
