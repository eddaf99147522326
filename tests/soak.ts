import { crashRounds } from './faults/crash.ts';
import { fsck } from './faults/fsck.ts';
import { randomFrom } from './support/random.ts';
import { startServer } from './support/server.ts';

/** `npm run soak -- [ROUNDS] [SEED]`: the crash test of CI, longer. Says how far it is, and ends with a report. */
const rounds = Number(process.argv[2] ?? 1000);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 1_000_000));
const started = Date.now();

process.stdout.write(`${rounds} rounds of kill -9 under load, seed ${seed}\n`);
const report = await crashRounds(() => startServer({ login: 'ada1' }), {
  rounds,
  random: randomFrom(seed),
  check: fsck,
  onRound: (round, acknowledged) => {
    if (round % 50 === 0) process.stdout.write(`${round} rounds, ${acknowledged} changes acknowledged\n`);
  },
});
const minutes = ((Date.now() - started) / 60_000).toFixed(1);
process.stdout.write(
  `${report.rounds} rounds in ${minutes} min: ${report.acknowledged} acknowledged changes, none lost, no file torn, fsck clean\n`,
);
