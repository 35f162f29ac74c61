/** Points in time as ISO 8601 in UTC, compared and subtracted without a clock or a calendar of the host. */

const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;

/** Seconds since 1970-01-01T00:00:00Z, with fractions; NaN if the text is no time in UTC. */
export function secondsOf(time: string): number {
  const [, year, month, day, hour, minute, second, fraction = '0'] = ISO.exec(time) ?? [];
  const days = daysOf(Number(year), Number(month), Number(day));
  return (
    days * 86_400 + Number(hour) * 3_600 + Number(minute) * 60 + Number(second) + Number(`0.${fraction}`)
  );
}

/** Milliseconds since 1970-01-01T00:00:00Z; NaN as above. */
export function millisecondsOf(time: string): number {
  return secondsOf(time) * 1_000;
}

export function isBefore(time: string, other: string): boolean {
  return secondsOf(time) < secondsOf(other);
}

/** Whole seconds from `time` to `now`, at least 0: clocks differ a little. */
export function ageSeconds(time: string, now: string): number {
  return Math.max(0, Math.floor(secondsOf(now) - secondsOf(time)));
}

/** Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the last. */
function daysOf(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leapDays + dayOfYear - 719_468;
}
