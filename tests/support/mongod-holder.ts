import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { startSet, startSingle } from './mongod-nodes.ts';

/**
 * `node mongod-holder.ts KIND NAME`: keeps one MongoDB for all test files of a machine. It listens at a name in the
 * kernel, tells every caller the address, and ends with its servers some seconds after the last caller is gone: a
 * connection is a caller's share, and ends with its process.
 */
const [kind, name] = process.argv.slice(2);
/** Milliseconds without a caller; the next test file starts meanwhile. */
const patience = 15_000;

const callers = new Set<Socket>();
const listening = createServer((caller) => {
  callers.add(caller);
  caller.on('error', () => caller.destroy());
  caller.on('close', () => {
    callers.delete(caller);
    wait();
  });
  answer(caller);
});
listening.once('error', (error: NodeJS.ErrnoException) => {
  // Somebody else holds it already.
  if (error.code === 'EADDRINUSE') process.exit(0);
  throw error;
});
listening.listen(`\0${name}`);
await once(listening, 'listening');

const started = kind === 'single' ? startSingle() : startSet();
let timer: NodeJS.Timeout | undefined;

function answer(caller: Socket): void {
  clearTimeout(timer);
  started.then(
    ({ url }) => caller.write(`${JSON.stringify({ url })}\n`),
    (error: unknown) => caller.end(`${JSON.stringify({ error: String(error) })}\n`),
  );
}

function wait(): void {
  clearTimeout(timer);
  if (callers.size === 0) timer = setTimeout(end, patience);
}

async function end(): Promise<void> {
  if (callers.size > 0) return;
  listening.close();
  await (await started).stop();
  process.exit(0);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => {
    for (const caller of callers) caller.destroy();
    callers.clear();
    void end();
  });
wait();
started.catch(() => setTimeout(() => process.exit(1), 1000));
