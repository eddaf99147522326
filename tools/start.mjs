// npm start [-- FLAGS OF `hearth serve`]
import { ensureDependencies, main, node } from './prepare.mjs';
import { become } from './run.mjs';

main(() => {
  ensureDependencies();
  become(node(), ['bin/hearth.mjs', 'serve', ...process.argv.slice(2)]);
});
