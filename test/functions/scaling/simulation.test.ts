/** The whole loop in simulated time, by seeds: up in time, down after the hold, and no flapping. */
import { describe, expect, test } from 'vitest';
import type { Scaling } from '../../../protocol/scaling.ts';
import { simulate } from './estate.ts';

const POLICY: Scaling = { min: 2, max: 20, cpuPercent: 70 };
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const MINUTE_MS = 60_000;
const START_MS = 3_000;
const shared = { policy: POLICY, startMs: START_MS };

/** When so many were ready for the first time, counted from a moment. */
function readyAfter(run: ReturnType<typeof simulate>, count: number, fromMs: number): number {
  return (run.ready.find((one) => one.atMs >= fromMs && one.count >= count)?.atMs ?? Infinity) - fromMs;
}

describe.each(SEEDS)('seed %d', (seed) => {
  test('a step over the target has its first container ready within 15 s, and what it needs soon after', () => {
    const load = (nowMs: number) => (nowMs < MINUTE_MS ? 100 : 270);
    const run = simulate({ ...shared, load, forMs: 5 * MINUTE_MS, seed });
    expect(readyAfter(run, 3, MINUTE_MS)).toBeLessThanOrEqual(15_000);
    // 270 millis at 70 each are four.
    expect(run.ready.at(-1)?.count).toBe(4);
    expect(readyAfter(run, 4, MINUTE_MS)).toBeLessThanOrEqual(30_000);
    expect(run.changes.length).toBeLessThanOrEqual(2);
  });

  test('a step tenfold is followed within the rate, without a number too high', () => {
    const load = (nowMs: number) => (nowMs < MINUTE_MS ? 100 : 1_000);
    const run = simulate({ ...shared, load, forMs: 5 * MINUTE_MS, seed });
    const counts = run.changes.map(({ to }) => to);
    expect(run.ready.at(-1)?.count).toBeGreaterThanOrEqual(14);
    expect(Math.max(...counts)).toBeLessThanOrEqual(17);
    expect(run.changes.every(({ from, to }) => to > from)).toBe(true);
    expect(readyAfter(run, 14, MINUTE_MS)).toBeLessThanOrEqual(90_000);
  });

  test('a load that ends is followed down after the hold, and not before', () => {
    const load = (nowMs: number) => (nowMs < 2 * MINUTE_MS ? 400 : 50);
    const run = simulate({ ...shared, load, forMs: 20 * MINUTE_MS, seed });
    const downs = run.changes.filter(({ from, to }) => to < from);
    expect(downs.length).toBeGreaterThanOrEqual(1);
    expect(downs[0]?.atMs).toBeGreaterThanOrEqual(7 * MINUTE_MS);
    expect(run.ready.at(-1)?.count).toBe(2);
  });

  test('a sawtooth does not make it flap: after two of its teeth nothing changes for an hour', () => {
    // Between 100 and 500 millis, two minutes each: two containers to eight, if it were followed.
    const load = (nowMs: number) => 100 + 400 * ((nowMs % (2 * MINUTE_MS)) / (2 * MINUTE_MS));
    const run = simulate({ ...shared, load, forMs: 65 * MINUTE_MS, seed });
    expect(run.changes.filter(({ atMs }) => atMs > 4 * MINUTE_MS)).toEqual([]);
    expect(run.ready.at(-1)?.count).toBeGreaterThanOrEqual(7);
    expect(run.reports / 65).toBeLessThanOrEqual(2);
  });

  test('a sawtooth that is slower than the hold is followed, by at most the teeth it has', () => {
    const tooth = 20 * MINUTE_MS;
    const load = (nowMs: number) => 100 + 400 * ((nowMs % tooth) / tooth);
    const run = simulate({ ...shared, load, forMs: 3 * tooth, seed });
    const turns = run.changes.filter(
      ({ from, to }, index) =>
        index > 0 && to < from && (run.changes[index - 1]?.to ?? 0) > (run.changes[index - 1]?.from ?? 0),
    );
    expect(turns.length).toBeLessThanOrEqual(3);
  });

  test('a spike of a few seconds costs at most one rise and one fall', () => {
    const load = (nowMs: number) => (nowMs >= MINUTE_MS && nowMs < MINUTE_MS + 8_000 ? 300 : 100);
    const run = simulate({ ...shared, load, forMs: 15 * MINUTE_MS, seed });
    expect(run.changes.length).toBeLessThanOrEqual(3);
    expect(run.ready.at(-1)?.count).toBe(2);
  });

  test('a steady load costs one report', () => {
    const run = simulate({ ...shared, load: () => 130, forMs: 60 * MINUTE_MS, seed });
    expect([run.changes, run.reports <= 2]).toEqual([[], true]);
  });
});
