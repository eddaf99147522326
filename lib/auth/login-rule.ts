/** Numbers tried after a login that is taken. */
const mostNumbers = 99;

/** `José Müller` and `jose_muller@example.org` as people write logins: `jose-muller`; empty where nothing is left. */
export function loginBase(name: string): string {
  return name
    .replace(/@.*$/s, '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\s_+]+/g, '-')
    .replace(/[^a-z0-9\-.]/g, '')
    .replace(/^[^a-z]+/, '')
    .slice(0, 56)
    .replace(/[-.]+$/, '');
}

export interface LoginOptions {
  /** Whether Hearth takes it as a login. */
  readonly valid: (login: string) => boolean;
  readonly clash: 'number' | 'refuse';
  /** Of the identity's own, valid, for names of which no login can be made. */
  readonly fallback: string;
}

/** Logins to try, in order: of the first name that gives one, that and the same with numbers. */
export function* loginsFor(names: readonly string[], options: LoginOptions): Iterable<string> {
  const { valid, clash, fallback } = options;
  const usable = (login: string): boolean => valid(login) && login !== 'root';
  const numbers = Array.from({ length: mostNumbers }, (_, index) => `-${index + 1}`);
  for (const base of names.map(loginBase)) {
    const forms = ['', ...numbers].map((number) => base + number).filter(usable);
    if (base === '' || forms.length === 0) continue;
    yield* clash === 'number' ? [...forms, fallback] : forms.slice(0, 1);
    return;
  }
  yield fallback;
}
