import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shaPassword } from './apache.ts';
import { basic, login, type Peer, password } from './peer.ts';
import { answers, asRoot, filesFolder, freePort, giveAway, launch, serviceUser } from './process.ts';

const config = (dir: string, files: string, port: number, dav: string) => `
load_module ${dav};
daemon off;
${asRoot ? `user ${serviceUser};` : ''}
worker_processes auto;
pid ${dir}/pid;
error_log ${dir}/stderr.log error;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  client_max_body_size 0;
  keepalive_requests 1000000;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/t1;
  fastcgi_temp_path ${dir}/t2;
  uwsgi_temp_path ${dir}/t3;
  scgi_temp_path ${dir}/t4;
  dav_ext_lock_zone zone=locks:10m;
  server {
    listen 127.0.0.1:${port};
    root ${files};
    auth_basic bench;
    auth_basic_user_file ${dir}/users;
    location / {
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=locks;
      create_full_put_path off;
    }
  }
}
`;

export const nginx: Peer = {
  key: 'nginx',
  name: 'nginx dav + dav-ext',
  durability: 'never syncs',
  async start(dir, seed) {
    const files = await filesFolder(dir, seed);
    const port = await freePort();
    const dav = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules']
      .map((at) => join(at, 'ngx_http_dav_ext_module.so'))
      .find(existsSync);
    if (dav === undefined) throw new Error('the dav-ext module of nginx is not where it usually is');
    await writeFile(join(dir, 'users'), shaPassword());
    await writeFile(join(dir, 'nginx.conf'), config(dir, files, port, dav));
    await giveAway(dir);
    const child = launch(dir, 'nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')]);
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
