import { basic, login, type Peer, password } from './peer.ts';
import { answers, filesFolder, freePort, launch } from './process.ts';

export const rclone: Peer = {
  key: 'rclone',
  name: 'rclone serve webdav',
  durability: 'never syncs',
  async start(dir, seed) {
    const files = await filesFolder(dir, seed);
    const port = await freePort();
    const args = [
      'serve',
      'webdav',
      files,
      '--addr',
      `127.0.0.1:${port}`,
      '--user',
      login,
      '--pass',
      password,
    ];
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
