import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A hub that takes every token for one user's, and counts them: a double; the real one is in `tests/auth`. */
export async function easyHub(t: TestContext, name = 'grace', scopes = ['custom:workspace:read']) {
  const seen: (string | undefined)[] = [];
  const user = { kind: 'user', name, nickname: `amazing ${name}`, scopes };
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end(JSON.stringify(user));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const down = () => {
    server.close();
    server.closeAllConnections();
  };
  t.after(down);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, down };
}
