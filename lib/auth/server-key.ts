import { createSecretKey, hash, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../core/error.ts';

/** Name of the file in the data folder; whoever has it and the catalog can forge nothing, but guess faster. */
export const keyFileName = 'secret.key';
const hexKey = /^[0-9a-f]{64}$/;

/**
 * The key of the installation. `given` (HEARTH_SECRET) wins; else `secret.key` in the folder, which is made when
 * it is absent. Two processes that start together end up with the same key.
 */
export async function serverKey(folder: string, given?: string): Promise<KeyObject> {
  if (given !== undefined) return keyFrom(given, 'HEARTH_SECRET');
  const file = join(folder, keyFileName);
  const text = (await readKey(file)) ?? (await createKey(folder, file));
  return keyFrom(text, file);
}

/** A key for one purpose, so that a value made for one is worth nothing for another. */
export function subkey(key: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, 32)));
}

function keyFrom(text: string, source: string): KeyObject {
  const value = text.trim();
  if (hexKey.test(value)) return createSecretKey(Buffer.from(value, 'hex'));
  if (value.length < 32) {
    throw new StoreError('invalid', {
      message: `${source} must hold 64 hexadecimal digits, or at least 32 characters that nobody can guess.`,
    });
  }
  return createSecretKey(hash('sha256', value, 'buffer'));
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const message = `${file} can be read by others; run: chmod 600 '${file}'`;
      throw new StoreError('denied', { message });
    }
    return text;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Written aside and linked into place: the name never shows half a key, and the first of two writers wins. */
async function createKey(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const text = `${randomBytes(32).toString('hex')}\n`;
  const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(aside, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
    await link(aside, file);
    return text;
  } catch (error) {
    const winner = hasCode(error, 'EEXIST') ? await readKey(file) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    await handle.close();
    await rm(aside, { force: true });
    await syncFolder(folder);
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
