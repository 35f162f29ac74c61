/**
 * From what clusters answer about CPU to how much an app's containers use. Most count what a container has used since it began, so that two readings make a rate; some
 * answer the rate itself. Values in, values out.
 */
import type { AppUsage } from '../../protocol/scaling.ts';

/** What a cluster answers of one container that is ready. */
export type CpuReading = { readonly container: string } & (
  | { readonly kind: 'counter'; readonly usedMs: number; readonly atMs: number }
  | { readonly kind: 'rate'; readonly cpuMillis: number }
);

/**
 * A rate is of about this long, of all containers alike: a new one counts only when the windows of those whose load it has taken begin after it did, or the same load would
 * be counted twice.
 */
const WINDOW_MS = 4_500;
const READINGS_MAX = 8;

interface Counted {
  readonly usedMs: number;
  readonly atMs: number;
}

/** Readings of each container, the oldest first. */
export type Metered = ReadonlyMap<string, readonly Counted[]>;

/** What was read before with what was read now. Who is not read any more is forgotten. */
export function meter(before: Metered, readings: readonly CpuReading[]): Metered {
  return new Map(
    readings.flatMap((reading): [string, Counted[]][] => {
      if (reading.kind === 'rate') return [];
      const { container, usedMs, atMs } = reading;
      const known = before.get(container) ?? [];
      const last = known.at(-1);
      // A counter that went back is that of another run.
      if (last !== undefined && usedMs < last.usedMs) return [[container, [{ usedMs, atMs }]]];
      // The cluster has not looked again since.
      if (last !== undefined && atMs <= last.atMs) return [[container, [...known]]];
      return [[container, trimmed([...known, { usedMs, atMs }])]];
    }),
  );
}

/** The newest of those that are old enough is the last one that is needed. */
function trimmed(counted: readonly Counted[]): Counted[] {
  const nowMs = counted.at(-1)?.atMs ?? 0;
  const from = counted.findLastIndex(({ atMs }) => nowMs - atMs >= WINDOW_MS);
  return counted.slice(Math.max(0, from)).slice(-READINGS_MAX);
}

/** Of all containers of which there is a rate; the others are starting. */
export function usageOf(metered: Metered, readings: readonly CpuReading[]): AppUsage {
  const rates = readings.flatMap((reading) =>
    reading.kind === 'rate' ? [reading.cpuMillis] : rateOf(metered.get(reading.container) ?? []),
  );
  return { containers: rates.length, cpuMillis: Math.round(rates.reduce((sum, rate) => sum + rate, 0)) };
}

function rateOf(counted: readonly Counted[]): number[] {
  const first = counted[0];
  const last = counted.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < WINDOW_MS) return [];
  return [((last.usedMs - first.usedMs) * 1_000) / (last.atMs - first.atMs)];
}
