/** Girder's names may hold anything; ours are names of POSIX. What cannot be one is shown escaped. */
const forbidden = /[/\0]/;
const isOdd = (name: string): boolean => name === '' || name === '.' || name === '..' || forbidden.test(name);

const escapes: Readonly<Record<string, string>> = { '/': '%2F', '\0': '%00', '.': '%2E' };
const escaped = (text: string): string =>
  text.replace(/[/\0.]/g, (character) => escapes[character] ?? character);

/** The name under which an entry is seen. */
export function shownName(stored: string): string {
  if (!isOdd(stored)) return stored;
  if (stored === '') return '%';
  return stored === '.' || stored === '..'
    ? escaped(stored)
    : stored.replace(/[/\0]/g, (one) => escapes[one] ?? one);
}

/** Names under which what is asked for may be stored, the plain one first. */
export function storedNames(shown: string): readonly string[] {
  if (!shown.includes('%')) return [shown];
  const plain = shown === '%' ? '' : shown.replace(/%2F|%00|%2E/g, (one) => decodeURIComponent(one));
  return plain !== shown && shownName(plain) === shown ? [shown, plain] : [shown];
}
