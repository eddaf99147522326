import { userInfo } from 'node:os';
import { mintAppPassword } from '../auth/app-password.ts';
import { isStoreError } from '../core/error.ts';
import type { House } from './compose.ts';
import { commandFor } from './config.ts';
import { createUser, loginFrom } from './people.ts';
import type { Config } from './schema.ts';

/** Shown once, at the first start. */
export interface FirstUser {
  readonly login: string;
  readonly password: string;
}

/** On an installation without users: makes one, with an app password. Undefined where there are some. */
export async function firstStart(house: House): Promise<FirstUser | undefined> {
  const { accounts } = house.catalog;
  for await (const page of accounts.users()) if (page.length > 0) return undefined;
  const login = loginFrom(systemName());
  try {
    const user = await createUser(accounts, house.ids, { login, admin: true }, house.clock());
    const request = { user: user.id, name: 'first start', write: true };
    const { text, record } = mintAppPassword(house.key, request, house.clock());
    await accounts.createToken(record);
    return { login, password: text };
  } catch (error) {
    // Another process that started at the same moment was first.
    if (isStoreError(error, 'exists')) return undefined;
    throw error;
  }
}

function systemName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid without a name.
    return '';
  }
}

/** For the terminal, once: the only time that the password is seen. */
export function welcomeText(url: string, first: FirstUser, config: Pick<Config, 'data'>): string {
  const home = `${url}/homes/${first.login}/`;
  const { login, password } = first;
  const secure = url.startsWith('https:');
  const windows = secure
    ? `net use H: ${home} /user:${login} ${password}`
    : `Windows itself mounts over https only (--tls-cert, --tls-key); until then use rclone:\n               rclone mount hearth: H: --vfs-cache-mode writes`;
  return `
Hearth is up, with a home for you.

  address      ${home}
  login        ${login}
  password     ${password}
               (an app password; shown this once: keep it now)

Mount it:

  macOS        Finder, Go > Connect to Server:  ${home}
               or:  open ${home}
  Windows      ${windows}
  Linux        sudo mount -t davfs ${home} /mnt/hearth
  rclone       rclone config create hearth webdav url=${home} vendor=owncloud user=${login} pass=${password} --obscure
               rclone lsf hearth:
  cadaver      cadaver ${home}
  curl         curl -u ${login} ${home}      (asks for the password)

One more device:  ${commandFor(config, `token create ${login} --name laptop`)}
`;
}

/** For the terminal at every later start. */
export function greetingText(url: string, config: Pick<Config, 'data'>): string {
  return `Hearth is up: ${url}/homes/\nAn app password for a device:  ${commandFor(config, 'token create LOGIN --name laptop')}`;
}

/** A line for those who open an unencrypted server to others; undefined where there is nothing to say. */
export function exposureWarning(config: {
  readonly host: string;
  readonly tls: { readonly cert: string | null };
}) {
  const loopback = /^(localhost|127\..*|::1)$/.test(config.host);
  if (loopback || config.tls.cert !== null) return undefined;
  return `Warning: listening on ${config.host} without TLS. Passwords and files cross the network readable by others, unless a proxy in front encrypts them. Give --tls-cert and --tls-key, or use such a proxy.`;
}
