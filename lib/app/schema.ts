import { z } from 'zod';
import { signatureAlgorithms } from '../auth/issuer-settings.ts';
import { providers } from '../auth/provider.ts';
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

const url = z.string().refine((text) => URL.canParse(text) && /^https?:/.test(text), {
  message: 'must be a URL such as https://issuer.example.org',
});
const words = z.array(z.string().min(1)).min(1, 'must not be empty');

/** An issuer of tokens. What is left out is as its provider has it. */
const issuer = z
  .strictObject({
    provider: z.enum(Object.keys(providers) as [keyof typeof providers]).default('standard'),
    issuer: url.optional(),
    audience: words.optional(),
    clientId: z.string().min(1).optional(),
    clientSecretFile: z.string().min(1).optional(),
    clientSecretEnv: z.string().min(1).optional(),
    clientAuth: z.enum(['basic', 'post']).default('basic'),
    jwt: z.boolean().default(true),
    algorithms: z
      .array(z.enum(signatureAlgorithms))
      .min(1)
      .default([...signatureAlgorithms]),
    typ: z.enum(['at+jwt', 'any']).default('any'),
    idTokens: z.boolean().optional(),
    skew: duration.default(30_000),
    jwksUri: url.optional(),
    introspectionEndpoint: url.optional(),
    userinfoEndpoint: url.optional(),
    prefixes: words.optional(),
    allowHttp: z.boolean().default(false),
    staleFor: duration.default(600_000),
    scopes: z
      .strictObject({
        claim: z.string().min(1).nullable().default(null),
        read: z.array(z.string().min(1)).nullable().default(null),
        write: z.array(z.string().min(1)).nullable().default(null),
      })
      .prefault({}),
    accounts: z
      .strictObject({
        create: z.boolean().default(false),
        login: words.nullable().default(null),
        clash: z.enum(['number', 'refuse']).default('number'),
        quota: size.nullable().default(null),
      })
      .prefault({}),
  })
  .refine((one) => one.issuer !== undefined || providers[one.provider].issuer !== null, {
    message: 'needs its issuer, a URL',
  })
  .refine((one) => one.audience !== undefined || one.clientId !== undefined, {
    message: 'needs an audience, which its tokens must be for, or a clientId that is one',
  })
  .refine((one) => one.jwt || one.clientId !== undefined, {
    message: 'with "jwt": false needs a clientId to ask with',
  })
  .refine(
    (one) =>
      [one.clientSecretFile, one.clientSecretEnv].filter((source) => source !== undefined).length ===
      (one.clientId === undefined ? 0 : 1),
    {
      message: 'with a clientId needs clientSecretFile or clientSecretEnv, one of them, and neither without',
    },
  );

export type IssuerConfig = z.infer<typeof issuer>;

const issuers = z
  .array(issuer)
  .refine(
    (all) => new Set(all.map((one) => one.issuer ?? providers[one.provider].issuer)).size === all.length,
    {
      message: 'names an issuer twice',
    },
  );

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
  identity: z.strictObject({ issuers }),
  metrics: z.strictObject({ token: optionalText }),
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
