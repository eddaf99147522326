import { z } from 'zod';
import { signatureAlgorithms } from '../auth/issuer-settings.ts';
import { usualHubTokens } from '../auth/jupyterhub.ts';
import { providers } from '../auth/provider.ts';
import { duration, optionalText, size } from './schema-values.ts';

const url = z.string().refine((text) => URL.canParse(text) && /^https?:/.test(text), {
  message: 'must be a URL such as https://issuer.example.org',
});
const words = z.array(z.string().min(1)).min(1, 'must not be empty');

/** Who is seen for the first time. */
const accounts = z
  .strictObject({
    create: z.boolean().default(false),
    login: words.nullable().default(null),
    clash: z.enum(['number', 'refuse']).default('number'),
    quota: size.nullable().default(null),
  })
  .prefault({});

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
    accounts,
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

/** A service that is asked about each token, for how long its answers count, and who is seen there first. */
const asked = {
  accounts,
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

/** Whose credentials are good beside Hearth's own. */
export const identity = z.strictObject({
  issuers,
  jupyterhubs: z.array(jupyterhub).max(16),
  girder,
});
