import mime from 'mime-types';
import type { Entry } from '../core/values.ts';

const unknown = 'application/octet-stream';
const byExtension = new Map<string, string>();
const kept = 1_000;

/** What was told when it was written, else what the name says; the content is never looked at. */
export function mediaType({ mime: told, name }: Pick<Entry, 'mime' | 'name'>): string {
  if (told !== null) return told;
  const dot = name.lastIndexOf('.');
  // `.bashrc` has no extension.
  if (dot <= 0) return unknown;
  const extension = name.slice(dot + 1);
  const known = byExtension.get(extension);
  if (known !== undefined) return known;
  const found = mime.lookup(extension);
  const type = found === false ? unknown : found.startsWith('text/') ? `${found}; charset=utf-8` : found;
  if (byExtension.size < kept && extension.length < 32) byExtension.set(extension, type);
  return type;
}

const passive =
  /^(?:image\/(?!svg)[\w.-]+|audio\/[\w.-]+|video\/[\w.-]+|font\/[\w.-]+|text\/(?:plain|csv|markdown|tab-separated-values)|application\/(?:pdf|json|octet-stream|zip|gzip|x-tar|x-hdf5?|x-ipynb\+json|vnd\.[\w.-]+))\s*(?:;|$)/i;

/** Anything that a browser might run, or that nobody knows not to be run. */
export const mayBeActive = (type: string): boolean => !passive.test(type);
