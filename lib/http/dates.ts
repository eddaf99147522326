const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const two: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const dayLength = 86_400_000;
/** Last moment that a four-digit year can say. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59);

interface Day {
  readonly number: number;
  readonly http: string;
  readonly iso: string;
}

// A listing has many entries of few days: the last day asked for is kept.
let kept: Day = dayOf(0);

function dayOf(number: number): Day {
  const date = new Date(number * dayLength);
  const [year, month, day] = [
    String(date.getUTCFullYear()).padStart(4, '0'),
    date.getUTCMonth(),
    two[date.getUTCDate()],
  ];
  const http = `${days[date.getUTCDay()]}, ${day} ${months[month]} ${year} `;
  return { number, http, iso: `${year}-${two[month + 1]}-${day}T` };
}

function day(number: number): Day {
  if (kept.number !== number) kept = dayOf(number);
  return kept;
}

const within = (ms: number): number => (ms >= 0 && ms <= latest ? ms : ms > latest ? latest : 0);

function timeOf(inDay: number): string {
  const seconds = Math.floor(inDay / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}`;
}

/** IMF-fixdate (RFC 9110 §5.6.7). What lies outside of 1970 to 9999 is cut to it. */
export function httpDate(ms: number): string {
  const time = within(ms);
  const number = Math.floor(time / dayLength);
  return `${day(number).http}${timeOf(time - number * dayLength)} GMT`;
}

/** RFC 3339, in seconds, as `creationdate` wants it (RFC 4918 §15.1). */
export function isoDate(ms: number): string {
  const time = within(ms);
  const number = Math.floor(time / dayLength);
  return `${day(number).iso}${timeOf(time - number * dayLength)}Z`;
}

const shape = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? /;

/** Any of the three forms of RFC 9110 §5.6.7; undefined for what is no date, which is to be ignored. */
export function parseHttpDate(text: string): number | undefined {
  const trimmed = text.trim();
  if (!shape.test(trimmed) || trimmed.length > 40) return undefined;
  const time = Date.parse(trimmed.endsWith('GMT') ? trimmed : `${trimmed} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
