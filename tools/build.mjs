// npm run build: bin and lib as JavaScript in dist, and nothing there that has no source any more.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { main, node, root } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  become(node(), ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
});
