/**
 * Which measures are worth telling. More than enough load is told at once; of anything else the most of a while, so that an estate in which nothing happens costs nothing,
 * one whose load sways costs a bounded number of reports, and no peak goes unsaid. Values in, values out.
 */
import { type AppUsage, SCALING_TOLERANCE } from '../../protocol/scaling.ts';

/** What is not urgent is gathered for so long before its most is told. */
export const CALM_MS = 30_000;
/** Too much load is told again, because more may be allowed by then: first after this, then after twice as much, and so on. */
export const AGAIN_MS = 15_000;
const AGAIN_MS_MAX = 300_000;

/** What was told of an app. */
export interface Told {
  readonly usage: AppUsage;
  readonly atMs: number;
  /** How long until too much is told again. */
  readonly againMs: number;
  /** Since when something else is measured, and the most of it. */
  readonly other?: { readonly sinceMs: number; readonly cpuMillis: number } | undefined;
}

export interface Measured {
  readonly usage: AppUsage;
  /** CPU of a container that is just busy enough. */
  readonly targetMillis: number;
  readonly nowMs: number;
}

/** What is told from now on: the `usage` that was, or a new one. */
export function tell(told: Told | undefined, { usage, targetMillis, nowMs }: Measured): Told {
  const fresh = { usage, atMs: nowMs, againMs: AGAIN_MS };
  if (told === undefined) return fresh;
  const before = told.usage;
  if (before.unknown !== usage.unknown || isUrgent(before, usage, targetMillis)) return fresh;
  if (isDueAgain(told, { usage, targetMillis, nowMs }))
    return { ...fresh, againMs: Math.min(AGAIN_MS_MAX, told.againMs * 2) };
  const other = told.other ?? { sinceMs: nowMs, cpuMillis: 0 };
  const most = { ...usage, cpuMillis: Math.max(other.cpuMillis, usage.cpuMillis) };
  if (told.other === undefined && !differs(before, usage, targetMillis)) return told;
  if (nowMs - other.sinceMs < CALM_MS)
    return { ...told, other: { sinceMs: other.sinceMs, cpuMillis: most.cpuMillis } };
  return differs(before, most, targetMillis) ? { ...fresh, usage: most } : { ...told, other: undefined };
}

type Side = 'below' | 'enough' | 'above';

function sideOf({ containers, cpuMillis }: AppUsage, targetMillis: number): Side {
  const enough = containers * targetMillis;
  if (cpuMillis > enough * (1 + SCALING_TOLERANCE)) return 'above';
  return cpuMillis < enough * (1 - SCALING_TOLERANCE) ? 'below' : 'enough';
}

function differs(before: AppUsage, now: AppUsage, targetMillis: number): boolean {
  if (before.containers !== now.containers) return true;
  if (sideOf(before, targetMillis) !== sideOf(now, targetMillis)) return true;
  return isMuch(Math.abs(now.cpuMillis - before.cpuMillis), now, targetMillis);
}

/** More is needed than by what was told, or those that were started have begun to count. */
function isUrgent(before: AppUsage, now: AppUsage, targetMillis: number): boolean {
  if (now.containers > before.containers) return true;
  if (sideOf(now, targetMillis) !== 'above') return false;
  return (
    sideOf(before, targetMillis) !== 'above' || isMuch(now.cpuMillis - before.cpuMillis, now, targetMillis)
  );
}

/** The very same numbers would not be sent. */
function isDueAgain(
  { usage: before, atMs, againMs }: Told,
  { usage, targetMillis, nowMs }: Measured,
): boolean {
  return (
    nowMs - atMs >= againMs && sideOf(usage, targetMillis) === 'above' && usage.cpuMillis !== before.cpuMillis
  );
}

function isMuch(cpuMillis: number, { containers }: AppUsage, targetMillis: number): boolean {
  return cpuMillis > SCALING_TOLERANCE * targetMillis * Math.max(1, containers);
}
