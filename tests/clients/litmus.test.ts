import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { environment } from '../support/environment.ts';
import { needs } from '../support/needs.ts';
import { startServer, type TestServer } from '../support/server.ts';

const suites = ['basic', 'copymove', 'props', 'locks', 'http'];

async function litmus(server: TestServer, suite: string): Promise<string> {
  // It leaves its debug log in the folder it runs in.
  const cwd = await mkdtemp(join(tmpdir(), 'litmus-'));
  const url = `${server.url}/homes/${server.login}/`;
  const env = environment({ TESTS: suite });
  const child = spawn('litmus', ['-k', url, server.login, server.token], { cwd, env, stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text.replaceAll(/^.*\r(?!\n)/gm, '');
    });
  }
  await once(child, 'close');
  await rm(cwd, { recursive: true });
  return output;
}

for (const args of [[], ['--workers', '2']]) {
  describe(`litmus, ${args.join(' ') || 'one process'}`, { skip: needs('litmus'), timeout: 120_000 }, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer({ login: 'ada1', args });
    });
    after(async () => server?.stop());
    for (const suite of suites) {
      it(`${suite}: no failure and no warning`, async () => {
        const output = await litmus(server, suite);
        assert.match(
          output,
          new RegExp(`summary for \`${suite}': of \\d+ tests run: \\d+ passed, 0 failed`),
          output,
        );
        assert.doesNotMatch(output, /WARNING|FAIL/, output);
        assert.doesNotMatch(output, /SKIPPED/i, output);
      });
    }
  });
}
