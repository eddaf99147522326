import { z } from 'zod';
import { usualHubTokens } from '../auth/jupyterhub.ts';
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

const count = (least: number, most: number) =>
  z.coerce.number().int().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  message: 'must be an origin such as https://files.example.org, without a path',
});

const optionalText = z.string().min(1).nullable();

/** Where a service is, without a secret in it. */
const serviceUrl = z.string().refine(
  (text) => {
    const url = URL.parse(text);
    return (
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      `${url.username}${url.password}${url.search}${url.hash}` === ''
    );
  },
  { message: 'must be an http or https URL without a name, a password or a query' },
);

const pattern = z.string().min(1).refine(compiles, { message: 'must be a regular expression' });

function compiles(text: string): boolean {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
}

/** A service that is asked about each token, and for how long its answers count. */
const asked = {
  cacheFor: duration.refine((ms) => ms <= 60_000, { message: 'must be at most 1m' }).default(10_000),
  staleFor: duration.refine((ms) => ms <= 3_600_000, { message: 'must be at most 1h' }).default(300_000),
  timeout: duration.refine((ms) => ms > 0 && ms <= 60_000, { message: 'must be at most 1m' }).default(5_000),
};

const jupyterhub = z.strictObject({
  url: serviceUrl,
  id: optionalText.default(null),
  readScope: z.string().startsWith('custom:').default('custom:workspace:read'),
  writeScope: z.string().startsWith('custom:').default('custom:workspace:write'),
  tokens: pattern.default(usualHubTokens),
  ...asked,
});

const girder = z.strictObject({
  shared: z.boolean().default(true),
  url: serviceUrl.nullable().default(null),
  id: optionalText.default(null),
  ...asked,
});

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
  identity: z.strictObject({
    jupyterhubs: z.array(jupyterhub).max(16),
    girder,
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
