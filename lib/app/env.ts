/** Every environment variable that Hearth reads, each named once, and the key of the configuration it sets. */
export const variables = {
  HEARTH_DATA: 'data',
  HEARTH_CATALOG: 'catalog',
  HEARTH_BLOBS: 'blobs',
  HEARTH_HOST: 'host',
  HEARTH_PORT: 'port',
  HEARTH_WORKERS: 'workers',
  HEARTH_DURABILITY: 'durability',
  HEARTH_TLS_CERT: 'tls.cert',
  HEARTH_TLS_KEY: 'tls.key',
  HEARTH_PUBLIC_ORIGINS: 'publicOrigins',
  HEARTH_TRUSTED_PROXIES: 'trustedProxies',
  HEARTH_METRICS_TOKEN: 'metrics.token',
  HEARTH_LOG_LEVEL: 'log.level',
} as const;

/** Values that are lists, separated by commas. */
const lists: ReadonlySet<string> = new Set(['publicOrigins', 'trustedProxies']);

/** Variables that are no keys of the configuration. */
export interface Environment {
  /** HEARTH_CONFIG: a configuration file, as `--config`. */
  readonly config: string | undefined;
  /** HEARTH_SECRET: the key of the installation, instead of `secret.key` in the data folder. */
  readonly secret: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

/** An empty variable counts as unset. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(variables)) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    values[key] = lists.has(key) ? text.split(',').map((part) => part.trim()) : text;
  }
  return {
    config: env.HEARTH_CONFIG || undefined,
    secret: env.HEARTH_SECRET || undefined,
    values,
  };
}
