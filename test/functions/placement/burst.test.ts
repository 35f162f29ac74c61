/** Bursting under a load that goes up and down: nothing flaps, and whatever returns had waited. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { movesBetween, placedOf, plan, replan } from '../../../functions/placement/plan.ts';
import { app, cloud, cluster, decisionFor, estate, NOW_MS, where } from './estates.ts';

const MINUTE_MS = 60_000;
const HOLD_MINUTES = 10;
const PLACEMENT = { burst: { holdSeconds: HOLD_MINUTES * 60, marginPercent: 10 } };
const web = (replicas: number) => app('web', { replicas, placement: PLACEMENT });
const inside = (used: number) =>
  cluster('a', { cpus: 10, used: { cpuMillis: used * 1_000, memoryMib: 0, pods: 0 } });

/** Plans minute after minute, with so many CPUs taken by others each time. */
function live(loads: readonly number[]) {
  let now = plan(
    estate({ clusters: [inside(6), cluster('aws', { cpus: 64 })], sites: [cloud('aws')], apps: [web(6)] }),
  );
  return loads.map((load, minute) => {
    const before = placedOf(now);
    now = replan(now, { nowMs: NOW_MS + minute * MINUTE_MS, clusters: [inside(load)] });
    const { notes, unplaced } = decisionFor(now, 'web');
    const has = (kind: string) => notes.some((note) => note.kind === kind);
    const moves = movesBetween(before, now.decisions).length;
    return {
      load,
      unplaced,
      returned: has('returned'),
      waits: has('room_again'),
      moves,
      at: where(now, 'web'),
    };
  });
}

describe('bursting', () => {
  test('does not follow a load that saws up and down faster than the hold', () => {
    const minutes = live(Array.from({ length: 120 }, (_, minute) => (minute % 10 < 5 ? 6 : 2)));
    expect(minutes.reduce((sum, { moves }) => sum + moves, 0)).toBe(0);
    expect(minutes.at(-1)?.at).toEqual({ a: 4, aws: 2 });
  });

  test('ends when the load stays down, and only once', () => {
    const minutes = live(Array.from({ length: 60 }, (_, minute) => (minute < 20 ? 6 : 2)));
    expect(minutes.flatMap(({ returned }, minute) => (returned ? [minute] : []))).toEqual([30]);
    expect(minutes.at(-1)?.at).toEqual({ a: 6 });
  });

  test('follows the number of replicas up and down by the cloud alone', () => {
    let now = plan(
      estate({ clusters: [inside(4), cluster('aws', { cpus: 64 })], sites: [cloud('aws')], apps: [web(4)] }),
    );
    for (let step = 0; step < 20; step++) {
      now = replan(now, { nowMs: NOW_MS + step * MINUTE_MS, apps: [web(step % 2 === 0 ? 9 : 7)] });
      expect(where(now, 'web')).toEqual({ a: 6, aws: step % 2 === 0 ? 3 : 1 });
    }
  });

  test('ends only after private sites have had room all through the hold, and nothing is left without a place', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(2, 2, 2, 2, 2, 6, 8), { minLength: 30, maxLength: 80 }),
        (loads) => {
          const minutes = live(loads);
          minutes.forEach(({ returned, unplaced }, minute) => {
            expect(unplaced).toBe(0);
            if (!returned) return;
            const wait = minutes.slice(Math.max(0, minute - HOLD_MINUTES), minute);
            expect(wait.length).toBe(HOLD_MINUTES);
            expect(wait.every(({ waits }) => waits)).toBe(true);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
