// npm run soak [-- FLAGS OF tests/soak.ts]
import { ensureDependencies, main, node } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  ensureDependencies();
  become(node(), ['tests/soak.ts', ...process.argv.slice(2)]);
});
