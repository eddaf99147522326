import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { compose } from '../../lib/app/compose.ts';
import { loadConfig } from '../../lib/app/config.ts';
import { application } from '../../lib/app/doors.ts';
import { createMetrics } from '../../lib/app/metrics.ts';
import { createUser } from '../../lib/app/people.ts';
import { mintAppPassword, type TokenRequest } from '../../lib/auth/app-password.ts';
import { at, handClock } from '../support/workspace.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** `WWW-Authenticate`, a line each. */
  readonly challenges: readonly string[];
  readonly text: string;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

export type Header = Readonly<Record<string, string>>;

/** The doors as the server has them, over SQLite and files, at a time that the test moves; Ada and Grace are in. */
export async function openDoor(t: TestContext, flags: Readonly<Record<string, unknown>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-credentials-'));
  const data = join(folder, 'data');
  const env = { config: undefined, secret: undefined, values: {} };
  const config = await loadConfig({ env, flags: { data, 'log.level': 'silent', ...flags } });
  const clock = handClock();
  const house = await compose(config, { clock });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics();
  const app = application({ house, log, stopping: () => false, metrics });
  app.silent = true;
  const server = createServer({ requestTimeout: 0 }, app.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await house.close();
    await rm(folder, { recursive: true, force: true });
  });
  const { accounts } = house.catalog;
  const ada = await createUser(accounts, house.ids, { login: 'ada1' }, clock());
  const grace = await createUser(accounts, house.ids, { login: 'grace' }, clock());
  const workspace = house.workspaces.open({
    user: ada.id,
    login: ada.login,
    admin: false,
    home: ada.home,
    write: true,
    root: null,
    credential: 'test',
  });

  async function token(more: Partial<TokenRequest> = {}): Promise<string> {
    const request = { user: ada.id, name: 'laptop', write: true, ...more };
    const { text, record } = mintAppPassword(house.key, request, clock());
    await accounts.createToken(record);
    return text;
  }

  async function send(method: string, path: string, headers: Header = {}, body?: string): Promise<Answer> {
    const outgoing = httpRequest({ host: '127.0.0.1', port, agent: false, method, path, headers });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.end(body);
    const [incoming] = await answered;
    const text = await readText(incoming);
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      challenges: incoming.rawHeaders.filter(
        (_, n, raw) => n % 2 === 1 && raw[n - 1]?.toLowerCase() === 'www-authenticate',
      ),
      text,
      json: () => JSON.parse(text),
    };
  }

  return {
    url: `http://127.0.0.1:${port}`,
    house,
    clock,
    ada,
    grace,
    workspace,
    lines,
    token,
    send,
    /** POST of JSON below `/api/hearth/v1/`. */
    post: (path: string, headers: Header = {}, body: unknown = {}) =>
      send(
        'POST',
        `/api/hearth/v1/${path}`,
        { 'content-type': 'application/json', ...headers },
        JSON.stringify(body),
      ),
    file: async (path: string, content: string) =>
      (await workspace.write(at(`home/${path}`), Buffer.from(content))).entry,
    folder: (path: string) => workspace.mkdir(at(`home/${path}`)),
  };
}

export const bearer = (token: unknown): Header => ({ authorization: `Bearer ${token}` });

export const basic = (login: string, password: unknown): Header => ({
  authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
});
