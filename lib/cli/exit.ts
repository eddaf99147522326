import { CommanderError } from 'commander';
import { isStoreError, StoreError } from '../core/error.ts';

/** What a command's exit code says; printed by `hearth --help`. */
export const exitCodes = {
  ok: 0,
  /** It could not be done, or a check found something. */
  failed: 1,
  /** The command line or the configuration cannot be used. */
  usage: 2,
} as const;

/** Ends a command with a code after it has said all there is to say. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

export function usageError(message: string): StoreError {
  return new StoreError('invalid', { op: 'usage', message });
}

/** The message for people and the code; a stack only where nobody foresaw the failure. */
export function explain(error: unknown): { readonly code: number; readonly text: string } {
  if (error instanceof Exit) return { code: error.code, text: '' };
  if (error instanceof CommanderError) {
    return { code: error.exitCode === 0 ? exitCodes.ok : exitCodes.usage, text: '' };
  }
  if (isStoreError(error)) {
    const code = error.code === 'invalid' ? exitCodes.usage : exitCodes.failed;
    return { code, text: `hearth: ${error.message}${causeOf(error)}` };
  }
  if (error instanceof Error && 'code' in error) {
    return { code: exitCodes.failed, text: `hearth: ${error.message}` };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: exitCodes.failed, text: `hearth: ${text}` };
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? ` (${error.cause.message})` : '';
}
