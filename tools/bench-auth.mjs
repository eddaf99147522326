// npm run bench:auth [-- FLAGS OF bench/auth.ts]
import { ensureBenchPrograms, ensureDependencies, main, node } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  ensureDependencies();
  ensureBenchPrograms();
  become(node(), ['bench/auth.ts', ...process.argv.slice(2)]);
});
