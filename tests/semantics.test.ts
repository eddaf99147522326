import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from './support/server.ts';

interface Example {
  readonly line: number;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly [string, string][];
  readonly body: string | undefined;
  readonly expected: readonly string[];
  readonly expectedBody: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The ```http blocks of a page: request, body, then lines of `→` that tell the answer. */
function examples(page: string): readonly Example[] {
  const found: Example[] = [];
  for (const match of page.matchAll(/^```http\n([\s\S]*?)\n```$/gm)) {
    const line = page.slice(0, match.index).split('\n').length;
    const lines = (match[1] ?? '').split('\n');
    const arrow = lines.findIndex((one) => one.startsWith('→'));
    assert.ok(arrow > 0, `the example at line ${line} says nothing of the answer`);
    const asked = lines.slice(0, arrow);
    const [first = '', ...rest] = asked;
    const [method = '', target = ''] = first.split(' ');
    const blank = rest.indexOf('');
    const headerLines = blank === -1 ? rest : rest.slice(0, blank);
    const answer = lines.slice(arrow);
    const bare = answer.indexOf('→');
    found.push({
      line,
      method,
      target,
      headers: headerLines.map((one) => {
        const colon = one.indexOf(':');
        return [one.slice(0, colon), one.slice(colon + 1).trim()];
      }),
      body: blank === -1 ? undefined : rest.slice(blank + 1).join('\n'),
      expected: (bare === -1 ? answer : answer.slice(0, bare)).map((one) => one.slice(1).trim()),
      expectedBody: bare === -1 ? undefined : answer.slice(bare + 1).join('\n'),
    });
  }
  return found;
}

describe('docs/semantics.md', async () => {
  const page = await readFile(new URL('../docs/semantics.md', import.meta.url), 'utf8');
  const all = examples(page);
  const seen = new Map<string, string>();
  let server: TestServer;
  before(async () => {
    server = await startServer({ login: 'ada1' });
  });
  after(async () => server?.stop());

  const fill = (text: string) =>
    text
      .replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => seen.get(name) ?? assert.fail(`{${name}} was not seen before`),
      )
      .replaceAll('/homes/ada/', `/homes/${server.login}/`);

  function ask(example: Example): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = Object.fromEntries(example.headers.map(([name, value]) => [name, fill(value)]));
    const sent = request(
      `${server.url}${fill(example.target)}`,
      { method: example.method, headers: { ...headers, authorization: `Bearer ${server.token}` } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    sent.on('error', reject);
    sent.end(example.body);
    return promise;
  }

  it('has examples', () => assert.ok(all.length > 20));

  for (const example of all) {
    it(`line ${example.line}: ${example.method} ${example.target} → ${example.expected.join(', ')}`, async () => {
      const answer = await ask(example);
      for (const line of example.expected) {
        if (/^\d+$/.test(line)) {
          assert.equal(answer.status, Number(line), answer.body);
          continue;
        }
        const colon = line.indexOf(':');
        const value = answer.headers[line.slice(0, colon).toLowerCase()];
        const wanted = line.slice(colon + 1).trim();
        const name = /^\{(\w+)\}$/.exec(wanted)?.[1];
        assert.equal(typeof value, 'string', `${line} is not in the answer`);
        if (name !== undefined && !seen.has(name)) seen.set(name, String(value));
        else assert.equal(value, fill(wanted));
      }
      if (example.expectedBody !== undefined) assert.equal(answer.body, example.expectedBody);
    });
  }
});
