import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { basic, login, type Peer, password } from './peer.ts';
import { answers, filesFolder, freePort, launch } from './process.ts';

const config = (dir: string, files: string, port: number) => `
server.modules = ("mod_auth", "mod_authn_file", "mod_webdav")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${files}"
server.errorlog = "${dir}/stderr.log"
server.upload-dirs = ("${dir}/uploads")
server.max-keep-alive-requests = 1000000
server.max-request-size = 0
server.stream-request-body = 0
webdav.activate = "enable"
webdav.sqlite-db-name = "${dir}/locks.db"
auth.backend = "plain"
auth.backend.plain.userfile = "${dir}/users"
auth.require = ("/" => ("method" => "basic", "realm" => "bench", "require" => "valid-user"))
`;

export const lighttpd: Peer = {
  key: 'lighttpd',
  name: 'lighttpd mod_webdav',
  durability: 'never syncs',
  async start(dir, seed) {
    const files = await filesFolder(dir, seed);
    const port = await freePort();
    await mkdir(join(dir, 'uploads'));
    await writeFile(join(dir, 'users'), `${login}:${password}\n`);
    await writeFile(join(dir, 'lighttpd.conf'), config(dir, files, port));
    const child = launch(dir, 'lighttpd', ['-D', '-f', join(dir, 'lighttpd.conf')]);
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
