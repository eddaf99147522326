import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { account } from './hearth.ts';
import { basic, login, type Peer, password } from './peer.ts';
import { answers, filesFolder, freePort, launch } from './process.ts';

const program = fileURLToPath(new URL('./webdav-server-child.ts', import.meta.url));

async function serve(dir: string, kind: 'physical' | 'workspace', folder: string) {
  const port = await freePort();
  const child = launch(dir, process.execPath, [program, `${port}`, login, password, kind, folder]);
  await answers(port, dir);
  return {
    url: `http://127.0.0.1:${port}`,
    login,
    password,
    authorization: basic(login, password),
    pid: child.pid,
    stop: child.stop,
  };
}

export const webdavServer: Peer = {
  key: 'webdav-server',
  name: 'webdav-server 2.6.3',
  durability: 'never syncs',
  async start(dir, seed) {
    const root = await filesFolder(dir, seed);
    return { ...(await serve(dir, 'physical', root)), root };
  },
};

/** What the same workspace would do behind the library that it replaced. */
export const overWorkspace: Peer = {
  key: 'over-workspace',
  name: "webdav-server over Hearth's workspace",
  durability: 'survives a crash of the server',
  async start(dir, seed) {
    const data = join(dir, 'data');
    await account(data, seed);
    return await serve(dir, 'workspace', data);
  },
};
