/**
 * Ages as the API server words them in tables: they are texts of a moment, so a row is kept with what its ages count from, and they are worded anew
 * whenever it is told. Nothing here knows what a row is.
 */

/** An age that stands in a text, with its quotes; `before` and `after` are the rest of its cell. */
export interface Age {
  readonly begin: number;
  readonly end: number;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly before: string;
  readonly after: string;
}

/** `unknown`: something in it depends on the time and we can't tell how, so that the text is true only of the moment it was made. */
export type Ages = readonly Age[] | 'unknown';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** How long ago, and how far ahead of our clock, the server may have worded what came just now. */
const LATE_SECONDS_MAX = 30;
const EARLY_SECONDS_MAX = 5;

/** How long, in the two or three figures that kubectl shows. Source: apimachinery, util/duration, HumanDuration. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / SECOND);
  if (seconds < -1) return '<invalid>';
  if (seconds < 120) return `${Math.max(0, seconds)}s`;
  const minutes = Math.floor(milliseconds / MINUTE);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(milliseconds / HOUR);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

/** True: the server may have meant this moment, a short while ago. Its clock is then about ours. */
export function isAgeOf(text: string, sinceMs: number, nowMs: number): boolean {
  for (let second = -EARLY_SECONDS_MAX; second <= LATE_SECONDS_MAX; second++)
    if (humanDuration(nowMs - sinceMs - second * SECOND) === text) return true;
  return false;
}

/** The text with its ages as they are now. */
export function withAges(text: string, ages: readonly Age[], nowMs: number): string {
  let told = '';
  let from = 0;
  for (const { begin, end, sinceMs, before, after } of ages) {
    told += `${text.slice(from, begin)}"${before}${quoted(humanDuration(nowMs - sinceMs))}${after}"`;
    from = end;
  }
  return told + text.slice(from);
}

function two(...[large, largeUnit, small, smallUnit]: [number, string, number, string]): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** As Go's encoder escapes it. */
function quoted(text: string): string {
  return text.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
}
