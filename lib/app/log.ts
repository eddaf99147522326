import { type Logger, pino, stdSerializers } from 'pino';
import { redact } from '../core/redact.ts';
import type { Config } from './schema.ts';

export type Log = Logger;

/** JSON lines on stderr. Credentials never reach them: headers by name, tokens by shape wherever they stand. */
export function createLog(config: Pick<Config, 'log'>): Log {
  return pino(
    {
      level: config.log.level,
      base: { pid: process.pid },
      timestamp: isoTimestamp(),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      redact: {
        paths: [
          'authorization',
          'cookie',
          'password',
          'token',
          'headers.authorization',
          'headers.cookie',
          'headers["girder-token"]',
        ],
        censor: '[redacted]',
      },
      hooks: { streamWrite: redacted },
    },
    // Lines are written together: a write each would cost more than most requests. Buffers, since this destination
    // measures a string that grows anew with each line.
    pino.destination({
      fd: 2,
      sync: false,
      minLength: 65_536,
      maxWrite: 131_072,
      periodicFlush: 250,
      contentMode: 'buffer',
    }),
  );
}

/** Pino's types know strings alone; its destination takes what `contentMode` says. */
function redacted(line: string): string {
  return Buffer.from(redact(line)) as unknown as string;
}

/** One text for all lines of a millisecond. */
function isoTimestamp(): () => string {
  let [time, text] = [0, ''];
  return () => {
    const now = Date.now();
    if (now !== time) [time, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}
