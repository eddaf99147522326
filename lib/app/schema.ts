import { z } from 'zod';
import { identity } from './schema-identity.ts';
import { count, duration, lifetime, optionalText, origin, size } from './schema-values.ts';

/** Every key there is. `docs/configuration.md` says what each means; an unknown key is refused. */
export const configSchema = z.strictObject({
  data: optionalText,
  catalog: optionalText,
  blobs: optionalText,
  host: z.string().min(1),
  port: count(0, 65_535),
  workers: count(1, 128),
  durability: z.enum(['full', 'relaxed'], { message: 'must be full or relaxed' }),
  tls: z
    .strictObject({ cert: optionalText, key: optionalText })
    .refine((tls) => (tls.cert === null) === (tls.key === null), {
      message: 'needs both a certificate (tls.cert) and its key (tls.key)',
    }),
  publicOrigins: z.array(origin),
  trustedProxies: z.array(z.string().min(1)),
  identity,
  metrics: z.strictObject({ token: optionalText }),
  credentials: z.strictObject({
    ticketLifetime: lifetime('1s', '1h'),
    mountLifetime: lifetime('10s', '24h'),
    mountKeep: lifetime('1m', '90d'),
    downloadLifetime: lifetime('1s', '1h'),
    rotateKeys: lifetime('1h', '3650d'),
  }),
  log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']) }),
  limits: z.strictObject({
    header: size,
    headers: count(16, 10_000),
    headersTimeout: duration,
    keepAliveTimeout: duration,
    stallTimeout: duration,
    shutdownTimeout: duration,
    inlineBody: size,
  }),
  upkeep: z.strictObject({
    flushEvery: duration,
    compactEvery: duration,
    compactExtents: count(2, 100_000),
    compactAfter: duration,
    expireEvery: duration,
    sweepEvery: duration,
    trashFor: duration,
    journalFor: duration,
    stagesFor: duration,
    collectEvery: duration,
    collectOlderThan: duration,
  }),
});

export type Config = Omit<z.infer<typeof configSchema>, 'data' | 'catalog' | 'blobs'> & {
  /** Absolute. */
  readonly data: string;
  readonly catalog: string;
  readonly blobs: string;
};
