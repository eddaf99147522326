// Hosts npm webdav-server (the package named on the command line) on a folder, as its README says. Plain JavaScript,
// since the package is loaded by name. Prints its port.
import { createServer } from 'node:http';

const [name, folder] = process.argv.slice(2);
const { v2 } = (await import(name)).default;
const users = new v2.SimpleUserManager();
users.addUser('ada', 'secret', true);
const dav = new v2.WebDAVServer({
  httpAuthentication: new v2.HTTPBasicAuthentication(users, 'test'),
  requireAuthentification: false,
});
await new Promise((resolve) => dav.setFileSystem('/', new v2.PhysicalFileSystem(folder), resolve));
const server = createServer((request, response) => dav.executeRequest(request, response));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
