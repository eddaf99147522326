import { parentPort, workerData } from 'node:worker_threads';
import { type Call, runBatch } from './batch.ts';
import { Checkpoints } from './checkpoints.ts';
import { toStoreError } from './database.ts';
import { migrate } from './schema.ts';
import { Transaction } from './transaction.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './writer.ts';

const { path, wait, pagesMax } = workerData as WorkerSettings;
const port = parentPort;
if (port === null) throw new Error('worker.ts runs in a worker thread');

const reply = (message: FromWorker) => port.postMessage(message);
/** After so many milliseconds without a batch there is time for work that nobody waits for. */
const quiet = 40;
/** Rows that one such step deletes: a batch that comes meanwhile waits for it. */
const stepRows = 128;

const checkpoints = new Checkpoints(path, () => tx?.db);
let tx: Transaction | undefined;
let timer: NodeJS.Timeout | undefined;

function rest(): void {
  clearTimeout(timer);
  timer = tx === undefined || tx.stirred.size === 0 ? undefined : setTimeout(settle, quiet);
  timer?.unref();
}

/** One step for one home; the homes take turns. */
function settle(): void {
  if (tx === undefined) return;
  const [home] = tx.stirred;
  if (home === undefined) return;
  tx.stirred.delete(home);
  const call: Call = { name: 'settle', args: [home, stepRows] };
  const [outcome] = runBatch(tx, [call], { durable: false, wait: 0 });
  tx.stirred.delete(home);
  checkpoints.written(1);
  if (outcome !== undefined && (!('value' in outcome) || outcome.value === true)) tx.stirred.add(home);
  rest();
}

/** What an earlier process left to do. */
function findWork(open: Transaction): void {
  const homes = open.db.all<[string]>(
    `SELECT id FROM homes WHERE folded < seq UNION SELECT home FROM trash WHERE doomed = 1
     UNION SELECT id FROM homes WHERE id NOT IN (SELECT home FROM users)
     UNION SELECT home FROM trash WHERE size IS NULL AND doomed = 0 LIMIT 1000`,
  );
  for (const [home] of homes) open.stirred.add(home);
}

function open(): void {
  const deadline = Date.now() + wait;
  for (;;) {
    try {
      tx = new Transaction(path);
      migrate(tx.db.raw);
      if (pagesMax !== undefined) tx.db.raw.exec(`PRAGMA max_page_count = ${pagesMax}`);
      findWork(tx);
      return;
    } catch (error) {
      tx?.close();
      tx = undefined;
      const failure = toStoreError(error, 'catalog.open');
      if (failure.code !== 'unavailable' || Date.now() > deadline) throw failure;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'close') {
    clearTimeout(timer);
    void checkpoints.close().then(() => {
      tx?.close();
      tx = undefined;
      reply({ kind: 'closed' });
      port.close();
    });
    return;
  }
  if (tx === undefined) return;
  const { calls, durable } = message;
  reply({ kind: 'done', outcomes: runBatch(tx, calls, { durable, wait }) });
  checkpoints.written(calls.length);
  rest();
});

try {
  open();
  reply({ kind: 'ready' });
  rest();
} catch (error) {
  const { code, message } = toStoreError(error, 'catalog.open');
  reply({ kind: 'failed', code, message });
  port.close();
}
