import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** What each folder of `lib/` may import besides itself. `core` imports nothing; `app` and `cli` see all. */
const table: Readonly<Record<string, readonly string[] | 'all'>> = {
  core: [],
  workspace: ['core'],
  catalog: ['core'],
  blobs: ['core'],
  auth: ['core'],
  http: ['core'],
  webdav: ['core', 'http'],
  credentials: ['core', 'http', 'auth'],
  app: 'all',
  cli: 'all',
};

/** What `core` may take of Node: nothing that reads, writes or waits. */
const harmless: readonly string[] = ['node:buffer', 'node:crypto', 'node:util'];
/** Doors of the house: `bin` starts commands, and knows nothing else. */
const binMay: readonly string[] = ['app', 'cli'];

/** Files that may touch Koa. */
const koa = /^lib\/(app\/|(webdav|credentials)\/handler\.ts$)/;
/** Lines; a file beyond it holds more than one noun. */
const longest = 400;

interface Source {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

function sources(folder: string): readonly Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Every module a file names: imports, exports from, and imports at run time. */
function imports({ text }: Source): readonly string[] {
  const found = text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g);
  return [...found].map((match) => match[1] ?? '');
}

/** Files that are started rather than imported: workers, by their address. */
const started = ({ text }: Source): readonly string[] =>
  [...text.matchAll(/new URL\(\s*['"`](\.[^'"`\n]+)['"`],\s*import\.meta\.url/g)].map(
    (match) => match[1] ?? '',
  );

const folderOf = (path: string): string => path.split('/')[1] ?? '';

function trespasses(files: readonly Source[]): readonly string[] {
  return files.flatMap((file) => {
    const own = file.path.startsWith('lib/') ? folderOf(file.path) : 'bin';
    const allowed = own === 'bin' ? binMay : table[own];
    if (allowed === undefined) return [`${file.path}: its folder has no row in the table`];
    const names = [...imports(file), ...started(file)];
    const packages = names.filter((name) => !name.startsWith('.'));
    const targets = names
      .filter((name) => name.startsWith('.'))
      .map((name) => join(dirname(file.path), name));
    return [
      ...packages.filter((name) => own === 'core' && !harmless.includes(name)),
      ...targets.filter((target) => {
        if (!target.startsWith('lib/')) return target !== 'package.json';
        const to = folderOf(target);
        return to !== own && allowed !== 'all' && !allowed.includes(to);
      }),
    ].map((name) => `${file.path} imports ${name}`);
  });
}

function cycles(files: readonly Source[]): readonly string[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      imports(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => join(dirname(file.path), name)),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) {
      found.push([...above.slice(above.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...above, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}

const rules: Readonly<Record<string, (file: Source) => boolean>> = {
  'a default export': ({ text }) => /^export default\b/m.test(text),
  'a barrel (export … from)': ({ text }) => /^export (\*|\{[^}]*\}) from\b/m.test(text),
  'an empty catch': ({ text }) => /catch\s*(\([^)]*\))?\s*\{\s*\}/.test(text),
  'Koa outside of its door': (file) => imports(file).includes('koa') && !koa.test(file.path),
  'more lines than one noun needs': ({ text }) => text.split('\n').length > longest,
  'a file name that is not kebab-case': ({ path }) => !/^[a-z0-9/.-]+$/.test(path),
};

const offenders = (files: readonly Source[], rule: string): readonly string[] =>
  files.filter((file) => rules[rule]?.(file)).map((file) => file.path);

describe('architecture', () => {
  const lib = sources('lib');
  const all = [...lib, ...sources('bin')];

  it('sees the files', () => assert.ok(lib.length > 50));

  it('every folder imports only what the table allows', () => assert.deepEqual(trespasses(all), []));

  it('no imports run in a circle, types included', () => assert.deepEqual(cycles(lib), []));

  for (const rule of Object.keys(rules)) {
    it(`no file has ${rule}`, () => assert.deepEqual(offenders(all, rule), []));
  }

  it('the detectors see what they look for', () => {
    const bad = (path: string, text: string): Source => ({ path, text });
    assert.equal(trespasses([bad('lib/core/a.ts', "import { x } from '../http/x.ts';")]).length, 1);
    assert.equal(trespasses([bad('lib/http/a.ts', "const x = await import('../webdav/x.ts');")]).length, 1);
    assert.equal(trespasses([bad('lib/webdav/a.ts', "import '../http/x.ts';")]).length, 0);
    assert.equal(trespasses([bad('lib/unheard/a.ts', '')]).length, 1);
    assert.equal(trespasses([bad('lib/core/a.ts', "import '../../tests/x.ts';")]).length, 1);
    assert.equal(trespasses([bad('lib/core/a.ts', "import { open } from 'node:fs/promises';")]).length, 1);
    assert.equal(trespasses([bad('lib/core/a.ts', "import { z } from 'zod';")]).length, 1);
    assert.equal(trespasses([bad('lib/core/a.ts', "import { createHash } from 'node:crypto';")]).length, 0);
    assert.equal(trespasses([bad('bin/a.ts', "import { put } from '../lib/webdav/put.ts';")]).length, 1);
    const worker = "new Worker(new URL('../blobs/worker.js', import.meta.url));";
    assert.equal(trespasses([bad('lib/catalog/a.ts', worker)]).length, 1);
    const several = "import {\n  a,\n  type B,\n} from '../http/x.ts';";
    assert.equal(trespasses([bad('lib/core/a.ts', several)]).length, 1);
    const circle = [
      bad('lib/core/a.ts', "import type { B } from './b.ts';"),
      bad('lib/core/b.ts', "import { a } from './a.ts';"),
    ];
    assert.equal(cycles(circle).length, 1);
    const samples: Readonly<Record<string, Source>> = {
      'a default export': bad('lib/a.ts', 'export default 1;'),
      'a barrel (export … from)': bad('lib/a.ts', "export { a } from './a.ts';"),
      'an empty catch': bad('lib/a.ts', 'try {} catch (error) { }'),
      'Koa outside of its door': bad('lib/webdav/put.ts', "import type Koa from 'koa';"),
      'more lines than one noun needs': bad('lib/a.ts', '\n'.repeat(500)),
      'a file name that is not kebab-case': bad('lib/aB.ts', ''),
    };
    for (const rule of Object.keys(rules)) {
      assert.equal(offenders([samples[rule] as Source], rule).length, 1, rule);
    }
  });
});
