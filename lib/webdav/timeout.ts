/** Seconds where the client names none. */
const usual = 1_800;
/** Who names seconds refreshes in time, so a lock whose owner went away need not last longer. */
const most = 3_600;
/** Who asks for `Infinite` does not refresh: a day of work, and then it ends. */
const infinite = 86_400;

/**
 * `Timeout` (RFC 4918 §10.7) in milliseconds: the first of the wishes that is understood, within what is granted.
 */
export function parseTimeout(header: string | undefined): number {
  for (const wish of (header ?? '').split(',', 16)) {
    const text = wish.trim().toLowerCase();
    if (text === 'infinite') return infinite * 1000;
    const seconds = /^second-(\d{1,15})$/.exec(text)?.[1];
    if (seconds !== undefined) return Math.min(Math.max(Number(seconds), 1), most) * 1000;
  }
  return usual * 1000;
}

/** What is left of a lock, as `timeout` says it (§14.29). */
export function formatTimeout(expires: number, now: number): string {
  return `Second-${Math.max(0, Math.ceil((expires - now) / 1000))}`;
}
