/** What a client tells of a file beside its bytes. */
import { StoreError } from '../core/error.ts';

/** `X-OC-Mtime`: seconds since 1970, with or without a fraction. */
export function parseMtime(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^-?\d{1,12}(\.\d{1,9})?$/.test(header.trim())) return Math.round(Number(header) * 1000);
  throw new StoreError('invalid', { op: 'put', message: 'X-OC-Mtime must be seconds since 1970.' });
}

/** Types that say no more than the name does. */
const mute: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
]);

/** Undefined where it says nothing, or nothing that can be kept. */
export function parseMime(header: string | undefined): string | undefined {
  const type = header?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const known = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(type) && !mute.has(type);
  return known && header !== undefined && header.length <= 255 ? header.trim() : undefined;
}
