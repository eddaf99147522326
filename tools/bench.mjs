// npm run bench [-- FLAGS OF bench/run.ts]
import { ensureBenchPrograms, ensureDependencies, main, node } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  ensureDependencies();
  ensureBenchPrograms();
  become(node(), ['bench/run.ts', ...process.argv.slice(2)]);
});
