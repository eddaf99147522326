import { type Logger, pino, stdSerializers } from 'pino';
import { tokenPattern } from '../auth/token-text.ts';
import type { Config } from './schema.ts';

export type Log = Logger;

/** JSON lines on stderr. Credentials never reach them: headers by name, tokens by shape wherever they stand. */
export function createLog(config: Pick<Config, 'log'>): Log {
  return pino(
    {
      level: config.log.level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
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
      hooks: { streamWrite: (line) => line.replace(tokenPattern, '[redacted]') },
    },
    // Lines are written together: a write each would cost more than most requests.
    pino.destination({ fd: 2, sync: false, minLength: 4096, periodicFlush: 250 }),
  );
}
