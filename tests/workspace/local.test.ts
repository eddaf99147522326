import { workspaceSuite } from '../conformance/workspace.ts';
import { house } from '../support/workspace.ts';

workspaceSuite('SQLite and files', async () => {
  const home = await house();
  const ada = await home.user('ada');
  const eve = await home.user('eve');
  let others = 0;
  return {
    workspace: home.open(ada),
    reader: home.open(ada, { write: false }),
    limited: async (root) => home.open(ada, { root }),
    stranger: home.open(eve),
    withQuota: async (quota) => home.open(await home.user(`quota-${others++}`, quota)),
    clock: home.clock,
    close: home.close,
  };
});
