import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shaPassword } from './apache.ts';
import { basic, login, type Peer, password } from './peer.ts';
import { answers, filesFolder, freePort, launch } from './process.ts';

export const rclone: Peer = {
  key: 'rclone',
  name: 'rclone serve webdav',
  durability: 'never syncs',
  async start(dir, seed) {
    const files = await filesFolder(dir, seed);
    const port = await freePort();
    const users = join(dir, 'users');
    // `--user` and `--pass` would cost a salted MD5 of a thousand rounds with every request, half of the rate.
    await writeFile(users, shaPassword());
    const args = ['serve', 'webdav', files, '--addr', `127.0.0.1:${port}`, '--htpasswd', users];
    // No remote and no configuration of whoever runs this.
    const child = launch(dir, 'rclone', [...args, '--config', '/dev/null', '--log-level', 'ERROR']);
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
