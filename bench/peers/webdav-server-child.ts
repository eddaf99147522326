/** The server of `webdav-server.ts`, in a process of its own: `PORT LOGIN PASSWORD physical|workspace FOLDER`. */
import { v2 as webdav } from 'webdav-server';
import { compose } from '../../lib/app/compose.ts';
import { configFor, userOf, workspaceOf } from '../../lib/cli/house.ts';
import { WorkspaceFileSystem } from './workspace-file-system.ts';

const [port, login = '', password = '', kind, folder = ''] = process.argv.slice(2);

async function fileSystem(): Promise<webdav.FileSystem> {
  if (kind === 'physical') return new webdav.PhysicalFileSystem(folder);
  const house = await compose(await configFor({ data: folder }, { durability: 'relaxed' }));
  return new WorkspaceFileSystem(workspaceOf(house, await userOf(house, login)), ['home']);
}

const users = new webdav.SimpleUserManager();
const user = users.addUser(login, password, false);
const privileges = new webdav.SimplePathPrivilegeManager();
privileges.setRights(user, '/', ['all']);
const server = new webdav.WebDAVServer({
  hostname: '127.0.0.1',
  port: Number(port),
  requireAuthentification: true,
  httpAuthentication: new webdav.HTTPBasicAuthentication(users, 'bench'),
  privilegeManager: privileges,
  rootFileSystem: await fileSystem(),
  // Its default refuses long requests.
  maxRequestDepth: Number.POSITIVE_INFINITY,
});
await server.startAsync(Number(port));
