import { z } from 'zod';
import { StoreError } from '../core/error.ts';
import { HttpError } from '../http/errors.ts';
import type { Asked } from './asked.ts';

const most = 16_384;

/** For people who read a list of credentials on a terminal: nothing that steers it. */
export const label = z.string().regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]{1,100}$/u);

/** What may be asked of a credential that is made from another. */
export const wish = {
  scope: z.enum(['read', 'write']).optional(),
  path: z.string().max(4096).optional(),
  name: label.optional(),
};

/**
 * The JSON body of a request. Only `application/json`, which no page of another origin can send without being asked
 * about it first. `usage` says what was expected; nothing of what came is said back.
 */
export async function readBody<T extends z.ZodType>(
  { headers, body }: Asked,
  schema: T,
  usage: string,
): Promise<z.infer<T>> {
  if (!/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
    throw new HttpError(415, 'invalid', 'Send the request as JSON, with Content-Type: application/json.');
  }
  const outcome = schema.safeParse(parse(await collect(body), usage));
  if (outcome.success) return outcome.data;
  const at = outcome.error.issues[0]?.path.join('.') ?? '';
  throw bad(usage, at);
}

const bad = (usage: string, at = ''): StoreError =>
  new StoreError('invalid', { message: `The body is not as expected${at && ` at ${at}`}. ${usage}` });

function parse(text: string, usage: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // Its message holds a part of the body, which may be a secret.
    throw bad(usage);
  }
}

async function collect(body: Asked['body']): Promise<string> {
  const tooLarge = () => new StoreError('too-large', { message: `At most ${most} bytes of JSON.` });
  if ((body.length ?? 0) > most) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge();
    // A chunk is its reader's only until the next is asked for.
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}
