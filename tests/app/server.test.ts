import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get, type RequestListener, request } from 'node:http';
import { get as getSecurely } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { loadConfig } from '../../lib/app/config.ts';
import { readEnvironment } from '../../lib/app/env.ts';
import { startServer } from '../../lib/app/server.ts';

async function started(t: TestContext, listener: RequestListener, flags: Record<string, unknown> = {}) {
  const config = await loadConfig({ env: readEnvironment({}), flags: { port: 0, ...flags } });
  const server = await startServer(config, listener);
  t.after(() => server.stop());
  return server;
}

/** Sends bytes as they are and returns what comes until the connection ends. */
async function raw(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.setEncoding('latin1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

test('too many header fields, and too long ones, are answered with 431', async (t) => {
  const { url } = await started(t, (_, response) => void response.end('fine'));
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: b\r\n`).join('');
  const send = (text: string) => raw(url, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${text}\r\n`);
  assert.match(await send(fields(100)), /^HTTP\/1.1 200/);
  assert.match(await send(fields(500)), /^HTTP\/1.1 431/);
  assert.match(await send(fields(10_000)), /^HTTP\/1.1 431/);
  assert.match(await send(`a: ${'b'.repeat(70_000)}\r\n`), /^HTTP\/1.1 431/);
});

test('a refusal comes before the body that waits for 100-continue', async (t) => {
  const { url } = await started(t, (_, response) => void response.writeHead(507).end());
  const put = request(url, { method: 'PUT', headers: { expect: '100-continue', 'content-length': 10 } });
  put.on('continue', () => assert.fail('the body was asked for'));
  put.flushHeaders();
  const [response] = await once(put, 'response');
  assert.equal(response.statusCode, 507);
  put.destroy();
});

test('an expectation that nobody knows is answered with 417', async (t) => {
  const { url } = await started(t, (_, response) => void response.end());
  const answer = await raw(
    url,
    'PUT / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  );
  assert.match(answer, /^HTTP\/1.1 417/);
});

test('a stop lets requests under way finish, and takes no new ones', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const server = await started(t, async (_, response) => {
    arrived.resolve();
    await finish.promise;
    response.end('whole');
  });
  const agent = new Agent({ keepAlive: true });
  const answer = new Promise<string>((resolve, reject) => {
    get(server.url, { agent }, async (response) => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      resolve(text);
    }).on('error', reject);
  });
  await arrived.promise;
  const stopped = server.stop();
  await assert.rejects(fetch(server.url));
  finish.resolve();
  assert.equal(await answer, 'whole');
  assert.equal(await stopped, true, 'a kept connection held the stop back');
  agent.destroy();
});

test('a request that never ends is cut when the time for a stop is over', async (t) => {
  const config = await loadConfig({
    env: readEnvironment({}),
    flags: { port: 0, 'limits.shutdownTimeout': 100 },
  });
  const arrived = Promise.withResolvers<void>();
  const server = await startServer(config, () => arrived.resolve());
  t.after(() => server.stop());
  const hanging = assert.rejects(fetch(server.url));
  await arrived.promise;
  assert.equal(await server.stop(), false);
  await hanging;
});

test('a port that is taken is named with what to do', async (t) => {
  const { url } = await started(t, () => {});
  await assert.rejects(
    started(t, () => {}, { port: new URL(url).port }),
    /taken by another program; .*--port/,
  );
  await assert.rejects(
    started(t, () => {}, { host: '192.0.2.1' }),
    /no address of this machine/,
  );
});

test('https serves with the certificate, and a renewed one after a reload', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const certify = (name: string) =>
    promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-keyout', key, '-out', cert],
    ]);
  try {
    await certify('first');
  } catch {
    t.skip('openssl is not here to make a certificate');
    return;
  }
  const server = await started(t, (_, response) => void response.end(), { 'tls.cert': cert, 'tls.key': key });
  assert.match(server.url, /^https:/);
  assert.equal(await commonName(server.url), 'first');
  await certify('second');
  await server.reload();
  assert.equal(await commonName(server.url), 'second');
  await rm(key);
  await assert.rejects(server.reload(), /cannot be read/);
  assert.equal(await commonName(server.url), 'second');
});

async function commonName(url: string): Promise<string | undefined> {
  const call = getSecurely(url, { rejectUnauthorized: false, agent: false });
  const [response] = await once(call, 'response');
  const socket = response.socket as TLSSocket;
  const name = socket.getPeerCertificate().subject.CN;
  response.resume();
  await once(response, 'end');
  return String(name);
}
