// npm run elections: the primary of three killed under load, again and again (HEARTH_ROUNDS, HEARTH_SEED)
import { ensureDependencies, main, node } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  ensureDependencies();
  become(node(), ['--test', '--test-reporter=spec', 'tests/faults/elections.ts']);
});
