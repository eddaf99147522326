import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';

const { path, target } = workerData as { readonly path: string; readonly target: string };

const source = new DatabaseSync(path, { timeout: 10_000 });
source.prepare('VACUUM INTO ?').run(target);
source.close();

// The copy starts a history of its own once it is restored and written to.
const copy = new DatabaseSync(target);
copy.exec("PRAGMA synchronous = FULL; UPDATE epoch SET value = ''");
copy.close();

const file = openSync(target, 'r');
fsyncSync(file);
closeSync(file);
