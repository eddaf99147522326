import { z } from 'zod';
import { parseDuration, parseSize } from './units.ts';

const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = typeof value === 'number' ? value : parseDuration(value);
  if (parsed !== undefined && parsed >= 0) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 30s, 12h or 30d' });
  return z.NEVER;
});

const size = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = typeof value === 'number' ? value : parseSize(value);
  if (parsed !== undefined && parsed >= 0) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a size such as 64KiB or 10GiB' });
  return z.NEVER;
});

/** A duration within bounds. */
const lifetime = (least: string, most: string) =>
  duration.refine((ms) => ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? 0), {
    message: `must be a duration from ${least} to ${most}`,
  });

const count = (least: number, most: number) =>
  z.coerce.number().int().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  message: 'must be an origin such as https://files.example.org, without a path',
});

const optionalText = z.string().min(1).nullable();

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
