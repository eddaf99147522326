import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environment, plainly } from './environment.ts';

/** A real JupyterHub (Debian's package) with its proxy, whose servers are plain processes of this machine. */
export interface TestHub {
  /** Of the proxy, as `identity.jupyterhubs[].url` has it. */
  readonly url: string;
  /** Of the service `tests`, which may do everything below. */
  readonly serviceToken: string;
  api(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  addUser(name: string): Promise<void>;
  /** Minted by the user with a token of theirs, or by the service; without `scopes`: all that the user may do. */
  mint(name: string, scopes?: readonly string[], by?: string): Promise<HubToken>;
  revoke(name: string, id: string): Promise<void>;
  /** Starts the user's server and returns its token. */
  startServer(name: string): Promise<string>;
  stopServer(name: string): Promise<void>;
  /** SIGTERM to the hub: its proxy and servers end too. */
  down(): Promise<void>;
  /** Again, on the same ports and the same database. */
  up(): Promise<void>;
  /** For good. */
  close(): Promise<void>;
  log(): string;
}

export interface HubToken {
  readonly id: string;
  readonly token: string;
}

const patience = 60_000;

const config = `
import os
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner
E = os.environ
D = E["HUB_DIR"]

class Spawner(SimpleLocalProcessSpawner):
    async def start(self):
        with open(f"{D}/{self.user.name}.token", "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(self.api_token)
        return await super().start()

c = get_config()
c.JupyterHub.bind_url = E["HUB_URL"]
c.JupyterHub.hub_bind_url = E["HUB_INNER_URL"]
c.ConfigurableHTTPProxy.api_url = E["HUB_PROXY_URL"]
c.ConfigurableHTTPProxy.command = [E["HUB_NODE"], E["HUB_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = D + "/proxy.pid"
c.JupyterHub.db_url = f"sqlite:///{D}/hub.sqlite"
c.JupyterHub.cookie_secret_file = D + "/cookie"
c.JupyterHub.authenticator_class = DummyAuthenticator
c.JupyterHub.spawner_class = Spawner
c.SimpleLocalProcessSpawner.home_dir_template = D + "/{username}"
c.Spawner.args = ["--allow-root"]
c.JupyterHub.custom_scopes = {
    "custom:workspace:read": {"description": "read the workspace"},
    "custom:workspace:write": {"description": "change the workspace", "subscopes": ["custom:workspace:read"]}}
c.JupyterHub.services = [{"name": "tests", "api_token": E["HUB_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "tests", "services": ["tests"],
     "scopes": ["admin:users", "admin:servers", "tokens", "access:servers", "custom:workspace:write"]},
    {"name": "user", "scopes": ["self", "custom:workspace:write"]},
    {"name": "server", "scopes": ["users:activity!user", "access:servers!server", "custom:workspace:write"]}]
`;

export async function startHub(): Promise<TestHub> {
  const folder = await mkdtemp(join(tmpdir(), 'jupyterhub-'));
  const file = join(folder, 'jupyterhub_config.py');
  await writeFile(file, config);
  const [outer, inner, proxy] = await freePorts(3);
  const url = `http://127.0.0.1:${outer}`;
  const serviceToken = randomBytes(32).toString('hex');
  const env = environment({
    // Debian's Python and its packages, whatever else is installed.
    PATH: `/usr/bin:/bin:${process.env.PATH}`,
    HUB_DIR: folder,
    HUB_URL: url,
    HUB_INNER_URL: `http://127.0.0.1:${inner}`,
    HUB_PROXY_URL: `http://127.0.0.1:${proxy}`,
    HUB_NODE: process.execPath,
    HUB_PROXY: fileURLToPath(
      new URL('../../node_modules/configurable-http-proxy/bin/configurable-http-proxy', import.meta.url),
    ),
    HUB_TOKEN: serviceToken,
    CONFIGPROXY_AUTH_TOKEN: randomBytes(32).toString('hex'),
  });
  let child: ChildProcess | undefined;
  let log = '';

  async function call(method: string, path: string, body?: unknown, token = serviceToken) {
    const response = await fetch(`${url}/hub/api${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(patience),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  async function must(method: string, path: string, body?: unknown, token?: string): Promise<unknown> {
    const answer = await call(method, path, body, token);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}\n${log}`);
    }
    return answer.body;
  }

  async function until(what: string, met: () => Promise<boolean>): Promise<void> {
    for (const from = Date.now(); ; await sleep(100)) {
      if (await met()) return;
      if (child?.exitCode != null || Date.now() - from > patience)
        throw new Error(`not ${what}:\n${log.slice(-4_000)}`);
    }
  }

  async function up(): Promise<void> {
    // A group of its own, so that the end of a terminal's does not reach it before its time.
    const started = spawn(...plainly('jupyterhub', ['-f', file, '--log-level=WARN']), {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    }
    await until('up', () =>
      call('GET', '/users').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  }

  async function down(): Promise<void> {
    const running = child;
    child = undefined;
    if (running?.pid === undefined) return;
    const closed = once(running, 'exit');
    if (running.exitCode === null && running.signalCode === null) {
      signal(running.pid, 'SIGTERM');
      await Promise.race([closed, sleep(patience, undefined, { ref: false })]);
    }
    signal(-running.pid, 'SIGKILL');
  }

  // Its proxy and servers have sessions of their own: asked to end, it ends them, even after us.
  process.once('exit', () => {
    if (child?.pid !== undefined) signal(child.pid, 'SIGTERM');
  });
  await up();
  return {
    url,
    serviceToken,
    api: (method, path, body) => call(method, path, body),
    addUser: async (name) => {
      await mkdir(join(folder, name), { recursive: true });
      await must('POST', `/users/${name}`);
    },
    mint: async (name, scopes, by) => {
      const body = scopes === undefined ? {} : { scopes };
      return (await must('POST', `/users/${name}/tokens`, body, by)) as HubToken;
    },
    revoke: async (name, id) => void (await must('DELETE', `/users/${name}/tokens/${id}`)),
    startServer: async (name) => {
      await must('POST', `/users/${name}/server`);
      await until('a server', () => serverOf(name).then((server) => server?.ready === true));
      return (await readFile(join(folder, `${name}.token`), 'utf8')).trim();
    },
    stopServer: async (name) => {
      await must('DELETE', `/users/${name}/server`);
      await until('stopped', () => serverOf(name).then((server) => server === undefined));
    },
    down,
    up,
    close: async () => {
      await down();
      await rm(folder, { recursive: true, force: true });
    },
    log: () => log,
  };

  async function serverOf(name: string): Promise<{ readonly ready: boolean } | undefined> {
    const user = await must('GET', `/users/${name}`);
    return (user as { servers: Record<string, { ready: boolean }> }).servers[''];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Ports that nobody uses; the hub takes no 0. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
