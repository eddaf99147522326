import { createPrivateKey, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

export const audience = 'https://hearth.example';
export const client = { id: 'hearth+app', secret: 'a:secret with % & + in it' };
/** How its opaque tokens begin. */
export const prefix = 'opq_';
const hour = 3600;

export interface Minted {
  readonly subject?: string;
  readonly scope?: string;
  /** `plain`: opaque, for no audience but the issuer's userinfo. */
  readonly format?: 'jwt' | 'opaque' | 'plain';
  readonly audience?: string;
}

/** `oidc-provider`, a certified issuer, on loopback. */
export interface TestIssuer {
  readonly url: string;
  /** Requests so far whose path begins so. */
  asked(path: string): number;
  mint(token?: Minted): Promise<string>;
  /** What its current key signs, good or not. */
  sign(claims: JWTPayload, header?: Readonly<Record<string, string>>): Promise<string>;
  publicKey(): JsonWebKey;
  /** From now on another key, and only that. */
  rotate(): void;
  revoke(token: string): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

function newKey(kid: string): JsonWebKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}

function makeProvider(url: string, key: JsonWebKey): Provider {
  const provider = new Provider(url, {
    jwks: { keys: [key as never] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: ['https://app.example/callback'],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({ scope: 'files:read files:write', audience: resource }),
      },
    },
    ttl: { AccessToken: hour, Grant: hour, ClientCredentials: hour },
    claims: { openid: ['sub'], profile: ['preferred_username', 'email', 'given_name'] },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        preferred_username: `${id}@example.org`,
        email: 'x@example.org',
        given_name: 'X',
      }),
    }),
  });
  return provider;
}

export async function startIssuer(): Promise<TestIssuer> {
  const paths: string[] = [];
  let listener: RequestListener = () => {};
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    listener(request, response);
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  let [count, key] = [1, newKey('key-1')];
  let provider = makeProvider(url, key);
  listener = provider.callback();

  async function mint(token: Minted = {}): Promise<string> {
    const { subject = 'ada', format = 'jwt', audience: meant = audience } = token;
    const scope = token.scope ?? (format === 'plain' ? 'openid profile' : 'files:read files:write');
    const owner = await provider.Client.find(client.id);
    if (owner === undefined) throw new Error('no client');
    const grant = new provider.Grant({ clientId: client.id, accountId: subject });
    grant.addOIDCScope('openid profile');
    const grantId = await grant.save();
    const made = new provider.AccessToken({
      ...{ client: owner, accountId: subject, grantId, gty: 'authorization_code', scope, claims: {} },
    });
    if (format !== 'plain') {
      const resource = { scope, audience: meant, accessTokenFormat: format, accessTokenTTL: hour };
      made.resourceServer = new provider.ResourceServer(meant, resource);
    }
    if (format !== 'jwt') {
      Object.assign(made, { jti: prefix + randomBytes(24).toString('base64url'), format: 'opaque' });
    }
    return made.save();
  }

  return {
    url,
    asked: (path) => paths.filter((one) => one.startsWith(path)).length,
    mint,
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: key.kid as string, typ: 'at+jwt', ...header })
        .sign(createPrivateKey({ key, format: 'jwk' })),
    publicKey: () => ({ kty: key.kty as string, n: key.n as string, e: key.e as string }),
    rotate: () => {
      count += 1;
      key = newKey(`key-${count}`);
      provider = makeProvider(url, key);
      listener = provider.callback();
    },
    revoke: async (token) => {
      const authorization = `Basic ${Buffer.from(
        [client.id, client.secret]
          .map((part) => new URLSearchParams({ '': part }).toString().slice(1))
          .join(':'),
      ).toString('base64')}`;
      const response = await fetch(`${url}/token/revocation`, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ token }),
      });
      if (response.status !== 200) throw new Error(await response.text());
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    start: () => listen(port),
  };
}
