/** Which windows of a weekly schedule are open. The calendar of a zone is the runtime's, given the moment; there is no clock here. */
import { type ScalingWindow, Weekday } from '../../protocol/scaling.ts';

const DAYS = Weekday.options;
const DAY_MINUTES = 1_440;

export interface OpenWindow {
  readonly min: number;
  /** For people: `from 08:00 to 18:00 in Europe/Berlin`. */
  readonly words: string;
}

/** The open one that asks for the most. A zone that this runtime does not know opens nothing. */
export function openWindow(schedule: readonly ScalingWindow[], nowMs: number): OpenWindow | undefined {
  const open = schedule.filter((window) => isOpen(window, nowMs));
  const [first] = open.toSorted((one, other) => other.min - one.min);
  if (first === undefined) return undefined;
  const { min, from, to, timezone } = first;
  return { min, words: `from ${from} to ${to} in ${timezone}` };
}

/** Whether the runtime knows the zone. */
export function isTimezone(timezone: string): boolean {
  return localTime(timezone, 0) !== undefined;
}

function isOpen({ days, from, to, timezone }: ScalingWindow, nowMs: number): boolean {
  const local = localTime(timezone, nowMs);
  if (local === undefined) return false;
  const begins = minutesOf(from);
  const length = (minutesOf(to) - begins + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  // One that began yesterday may still be open.
  return [0, 1].some((daysAgo) => {
    const day = DAYS[(local.day - daysAgo + DAYS.length) % DAYS.length];
    const since = local.minutes + daysAgo * DAY_MINUTES - begins;
    return day !== undefined && days.includes(day) && since >= 0 && since < length;
  });
}

/** Of the wall clock there. Summer time thereby moves windows as it moves people. */
function localTime(timezone: string, nowMs: number): { day: number; minutes: number } | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
    const day = DAYS.findIndex((name) => name === parts.get('weekday')?.toLowerCase());
    return { day, minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
  } catch {
    return undefined;
  }
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}
