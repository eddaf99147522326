import assert from 'node:assert/strict';
import { runCommand } from '../support/command.ts';
import type { TestServer } from '../support/server.ts';

/** `hearth fsck --deep` beside the running server: nothing may be wrong. */
export async function fsck(server: TestServer): Promise<void> {
  const { code, stdout, stderr } = await runCommand(['fsck', '--deep', '--data', server.dataDir], {
    env: server.env,
  });
  assert.equal(code, 0, stdout + stderr);
}
