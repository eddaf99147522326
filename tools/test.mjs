// npm test [-- FILES OR FOLDERS]
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureDependencies, ensureTap, ensureTestPrograms, main, node, root } from './prepare.mjs';
import { become } from './run.mjs';

function testsIn(path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(path, name))
    .sort();
}

main(() => {
  ensureDependencies();
  ensureTestPrograms();
  ensureTap();
  const ours = node();
  const asked = process.argv.slice(2).filter((one) => !one.startsWith('-'));
  const flags = process.argv.slice(2).filter((one) => one.startsWith('-'));
  const files = (asked.length === 0 ? ['tests'] : asked).flatMap(testsIn);
  // Tests start `node` themselves, and sbin holds mount.davfs.
  const PATH = `${dirname(ours)}:${process.env.PATH}:/usr/sbin:/sbin`;
  become(ours, ['node_modules/.bin/tap', 'run', ...flags, ...files], { env: { ...process.env, PATH } });
});
