export type Claims = Readonly<Record<string, unknown>>;

export const isClaims = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A claim by its name, or by its path where it lies deeper: `realm_access.roles`. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (!isClaims(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** A text, or a number as one; null where there is none, or one that is too long to be meant. */
export function textAt(claims: Claims, path: string): string | null {
  const value = claimAt(claims, path);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : null;
}

/** Those of several that are there, in their order. */
export function textsAt(claims: Claims, paths: readonly string[]): readonly string[] {
  return paths.map((path) => textAt(claims, path)).filter((text) => text !== null);
}

/** Words of a list, or of a text that separates them by spaces (RFC 6749 §3.3). */
export function wordsAt(claims: Claims, path: string): readonly string[] {
  const value = claimAt(claims, path);
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

/** A NumericDate (RFC 7519 §2) or an RFC 3339 date, in milliseconds. */
export function timeAt(claims: Claims, path: string): number | undefined {
  const value = claimAt(claims, path);
  if (typeof value === 'number' && Number.isFinite(value)) return value * 1000;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
