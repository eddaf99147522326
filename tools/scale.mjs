// npm run bench:scale [-- FLAGS OF bench/scale.ts]
import { ensureDependencies, main, node } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  ensureDependencies();
  become(node(), ['bench/scale.ts', ...process.argv.slice(2)]);
});
