import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../lib/app/config.ts';
import { readEnvironment, variables } from '../../lib/app/env.ts';
import { packageRoot } from '../../lib/app/package-root.ts';

const nothing = readEnvironment({});

async function file(t: TestContext, content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-config-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'hearth.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('without any settings Hearth listens on loopback and keeps promises', async () => {
  const config = await loadConfig({ env: nothing, flags: {} });
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.durability, 'full');
  assert.equal(config.upkeep.trashFor, 30 * 86_400_000);
  assert.equal(config.catalog, `sqlite:${join(config.data, 'catalog.sqlite')}`);
  assert.equal(config.blobs, `file:${join(config.data, 'blobs')}`);
});

test('a flag wins over the environment, that over the file, that over the default', async (t) => {
  const path = await file(t, { port: 1001, workers: 3, log: { level: 'warn' } });
  const env = readEnvironment({ HEARTH_PORT: '1002', HEARTH_LOG_LEVEL: 'error', HEARTH_HOST: '' });
  const config = await loadConfig({ env, file: path, flags: { port: '1003', host: undefined } });
  assert.deepEqual(
    [config.port, config.workers, config.log.level, config.host],
    [1003, 3, 'error', '127.0.0.1'],
  );
});

test('a part of a section leaves the rest of it as it was', async (t) => {
  const path = await file(t, { limits: { header: '16KiB' }, upkeep: { trashFor: '7d' } });
  const { limits, upkeep } = await loadConfig({ env: nothing, file: path, flags: {} });
  assert.deepEqual([limits.header, limits.headers, upkeep.trashFor], [16_384, 200, 7 * 86_400_000]);
});

test('an unknown key is refused by its name', async (t) => {
  const path = await file(t, { prot: 8080, limits: { haeders: 3 } });
  const attempt = loadConfig({ env: nothing, file: path, flags: {} });
  await assert.rejects(attempt, (error: Error) => {
    assert.match(error.message, /prot is not a key of Hearth/);
    assert.match(error.message, /limits\.haeders is not a key of Hearth/);
    assert.match(error.message, /docs\/configuration\.md/);
    return true;
  });
});

test('a bad value is named with where it came from', async (t) => {
  const path = await file(t, { upkeep: { trashFor: 'a month' } });
  const env = readEnvironment({ HEARTH_WORKERS: 'many', HEARTH_PUBLIC_ORIGINS: 'https://a.org/x' });
  const attempt = loadConfig({ env, file: path, flags: { port: '70000' } });
  await assert.rejects(attempt, (error: Error) => {
    assert.match(error.message, /port must be at most 65535 \(given on the command line\)/);
    assert.match(error.message, /workers .*\(from HEARTH_WORKERS\)/);
    assert.match(error.message, /trashFor must be a duration/);
    assert.match(error.message, /publicOrigins\.0 must be an origin/);
    return true;
  });
});

test('a certificate without its key is refused', async () => {
  const attempt = loadConfig({ env: nothing, flags: { 'tls.cert': '/c.pem' } });
  await assert.rejects(attempt, /tls needs both/);
});

test('a file that is absent or no JSON is named', async (t) => {
  await assert.rejects(
    loadConfig({ env: nothing, file: '/nowhere/h.json', flags: {} }),
    /\/nowhere\/h\.json/,
  );
  const path = await file(t, '{ "port": ');
  await assert.rejects(loadConfig({ env: nothing, file: path, flags: {} }), /is not JSON/);
});

test('"production" names the file that comes with Hearth', async () => {
  const config = await loadConfig({ env: readEnvironment({ HEARTH_CONFIG: 'production' }), flags: {} });
  assert.equal(config.host, '0.0.0.0');
});

test('every key, variable and flag is explained in docs/configuration.md', async () => {
  const page = await readFile(join(packageRoot, 'docs', 'configuration.md'), 'utf8');
  const defaults: unknown = JSON.parse(await readFile(join(packageRoot, 'config', 'default.json'), 'utf8'));
  for (const key of keysOf(defaults)) assert.ok(page.includes(`\`${key}\``), `${key} is not explained`);
  for (const name of [...Object.keys(variables), 'HEARTH_CONFIG', 'HEARTH_SECRET']) {
    assert.ok(page.includes(`\`${name}\``), `${name} is not explained`);
  }
});

function keysOf(value: unknown, above = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [above];
  return Object.entries(value).flatMap(([key, inner]) =>
    keysOf(inner, above === '' ? key : `${above}.${key}`),
  );
}
