import { randomBytes } from 'node:crypto';
import { type Document, MongoClient, ObjectId } from 'mongodb';

/** Operations a second. */
export interface Ceiling {
  readonly find: number;
  readonly insert: number;
  readonly transaction: number;
}

/** What the database itself does with as many clients, by the driver alone: no server can be faster, but by batches. */
export async function ceiling(url: string, { seconds, clients = 8 }: { seconds: number; clients?: number }) {
  const client = await MongoClient.connect(url, { writeConcern: { w: 'majority' } });
  const db = client.db('ceiling');
  const named = (name: string) => db.collection<Document>(name);
  const [home, item, file, body] = [named('home'), named('item'), named('file'), named('body')];
  const homes = Array.from({ length: clients }, () => new ObjectId());
  try {
    await db.dropDatabase();
    await home.insertMany(homes.map((_id) => ({ _id, rev: 0 })));
    await item.createIndex({ folderId: 1, name: 1 });
    await file.createIndex({ itemId: 1 });
    await body.createIndex({ at: 1 });
    const metadata = () => ({
      name: randomBytes(8).toString('hex'),
      folderId: 1,
      meta: {},
      created: new Date(),
    });
    const found = await item.insertOne(metadata());
    const find = await rate({ seconds, clients }, () => item.findOne({ _id: found.insertedId }));
    const insert = await rate({ seconds, clients }, () => item.insertOne(metadata()));
    /** A home of its own for each client, so that none waits for another. */
    const transaction = await rate({ seconds, clients }, async (n) => {
      const kept = body.insertOne({ body: randomBytes(1024), at: n });
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await home.updateOne({ _id: homes[n] as ObjectId }, { $inc: { rev: 1 } }, { session });
          const { insertedId } = await item.insertOne(metadata(), { session });
          await file.insertOne({ itemId: insertedId, size: 1024 }, { session });
          await kept;
        }),
      );
    });
    return { find, insert, transaction } satisfies Ceiling;
  } finally {
    await db.dropDatabase();
    await client.close();
  }
}

async function rate(
  { seconds, clients }: { readonly seconds: number; readonly clients: number },
  once: (client: number) => Promise<unknown>,
): Promise<number> {
  const begin = performance.now();
  const end = begin + seconds * 1000;
  let count = 0;
  const work = async (n: number) => {
    while (performance.now() < end) {
      await once(n);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, n) => work(n)));
  return (count * 1000) / (performance.now() - begin);
}
