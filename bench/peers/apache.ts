import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { basic, login, type Peer, password } from './peer.ts';
import { answers, asRoot, filesFolder, freePort, giveAway, launch, serviceUser } from './process.ts';

/** The cheapest hash it knows: what is measured is WebDAV. */
export function shaPassword(): string {
  return `${login}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`;
}

const modules = (at: string) =>
  [
    ['mpm_event', 'mod_mpm_event'],
    ['authn_core', 'mod_authn_core'],
    ['authn_file', 'mod_authn_file'],
    ['authz_core', 'mod_authz_core'],
    ['authz_user', 'mod_authz_user'],
    ['auth_basic', 'mod_auth_basic'],
    ['dav', 'mod_dav'],
    ['dav_fs', 'mod_dav_fs'],
  ]
    .map(([name, file]) => `LoadModule ${name}_module ${at}/${file}.so`)
    .join('\n');

const config = (dir: string, files: string, port: number, at: string) => `
ServerRoot ${dir}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${dir}/pid
ErrorLog ${dir}/stderr.log
LogLevel error
${asRoot ? `User ${serviceUser}\nGroup ${serviceUser}` : ''}
${modules(at)}
StartServers 2
ThreadsPerChild 32
ServerLimit 4
MaxRequestWorkers 128
MinSpareThreads 32
MaxSpareThreads 128
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
Timeout 300
LimitRequestBody 0
DavLockDB ${dir}/locks/db
DocumentRoot ${files}
<Directory ${files}>
  Dav On
  AuthType Basic
  AuthName bench
  AuthUserFile ${dir}/users
  Require valid-user
</Directory>
`;

export const apache: Peer = {
  key: 'apache',
  name: 'Apache mod_dav',
  durability: 'never syncs',
  async start(dir, seed) {
    const files = await filesFolder(dir, seed);
    const port = await freePort();
    const at = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules'].find(existsSync);
    if (at === undefined) throw new Error('the modules of Apache are not where they usually are');
    await mkdir(join(dir, 'locks'));
    await writeFile(join(dir, 'users'), shaPassword());
    await writeFile(join(dir, 'apache.conf'), config(dir, files, port, at));
    await giveAway(dir);
    const child = launch(dir, 'apache2', ['-D', 'FOREGROUND', '-f', join(dir, 'apache.conf')]);
    await answers(port, dir);
    const authorization = basic(login, password);
    return {
      url: `http://127.0.0.1:${port}`,
      login,
      password,
      authorization,
      pid: child.pid,
      root: files,
      stop: child.stop,
    };
  },
};
