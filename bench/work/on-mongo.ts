import { ceiling } from '../driver.ts';
import { getSmall } from './get-small.ts';
import { propfindDepth0 } from './propfind-depth0.ts';
import { propfindDepth1 } from './propfind-depth1.ts';
import { putOverwrite } from './put-overwrite.ts';
import { putSmall } from './put-small.ts';
import { type Bar, hearthMongos, type Metric, type Sample, type Work } from './work.ts';

/** The same work on SQLite and on MongoDB: a ratio to SQLite, which is no bar but what there is to say. */
function besideSqlite(work: Work, metric: string, sense: Bar['sense'] = 'at least'): Work {
  return {
    ...work,
    peers: ['hearth', ...hearthMongos],
    bars: hearthMongos.map((peer) => ({
      text: `SQLite (${peer})`,
      ...{ metric, peer, against: 'hearth', times: 1, sense, aim: true },
    })),
  };
}

/** What the database could do at most: the figures of the works are to be read beside these. */
const driver: Work = {
  key: 'driver',
  title: 'The test database by the driver alone, 8 clients, writes to a majority',
  peers: hearthMongos,
  metrics: {
    find: { label: 'findOne by _id', unit: '/s' },
    insert: { label: 'insertOne', unit: '/s' },
    transaction: { label: 'a transaction as of a new file', unit: '/s' },
  } satisfies Record<string, Metric>,
  bars: [],
  note:
    'The transaction changes a home and inserts an item and a file, beside it a body of 1 KiB is inserted; every client has a ' +
    'home of its own. Hearth puts changes of one home that wait for each other into one transaction, so that it may be above this.',
  async round(site, _round, { quick }): Promise<Sample> {
    if (site.mongo === undefined) throw new Error('not on MongoDB');
    return { ...(await ceiling(site.mongo, { seconds: quick ? 1 : 4 })) };
  },
};

export const onMongo: readonly Work[] = [
  driver,
  besideSqlite(putSmall, 'rate'),
  besideSqlite(putOverwrite, 'rate'),
  besideSqlite(propfindDepth0, 'rate'),
  besideSqlite(propfindDepth1, 'four', 'at most'),
  besideSqlite(getSmall, 'rate'),
];
