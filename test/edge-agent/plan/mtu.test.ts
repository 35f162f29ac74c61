/** SCENARIO 23: an MTU black hole is found within ten seconds and healed when it goes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answeredMtu, MTU_SIZES, type MtuState, tickMtu, UNMEASURED } from '../../../edge-agent/plan/mtu.ts';

const SETTINGS = { verifyMs: 1_000, raiseMs: 60_000 };
const TICK_MS = 200;

interface Line {
  /** Largest packet that gets through at this time; 0: the hub is down. */
  readonly limit: (atMs: number) => number;
  /** True: the packet with this running number is lost by chance. */
  readonly lost?: (count: number) => boolean;
  readonly answerMs?: number;
  /** Packets other than our own pass at this time; absent: always. */
  readonly isBusy?: (atMs: number) => boolean;
}

/** Plays a line for some time; the sizes in use by time of change. */
function play(
  line: Line,
  untilMs: number,
): {
  readonly state: MtuState;
  readonly changes: readonly [number, number][];
  readonly sent: readonly (readonly [number, number])[];
} {
  let state = UNMEASURED;
  let count = 0;
  const changes: [number, number][] = [];
  const sent: [number, number][] = [];
  const answers: { readonly atMs: number; readonly size: number }[] = [];
  for (let atMs = 0; atMs <= untilMs; atMs += TICK_MS) {
    while (answers[0] !== undefined && answers[0].atMs <= atMs)
      state = answeredMtu(state, answers.shift()?.size ?? 0);
    const limit = line.limit(atMs);
    const step = tickMtu(state, { atMs, isUp: limit > 0, isBusy: line.isBusy?.(atMs) ?? true }, SETTINGS);
    if (step.state.isMeasured && step.state.sizeBytes !== (state.isMeasured ? state.sizeBytes : 0))
      changes.push([atMs, step.state.sizeBytes]);
    state = step.state;
    for (const size of step.send) {
      count += 1;
      sent.push([atMs, size]);
      const isLost = line.lost?.(count) ?? false;
      if (size <= limit && !isLost) answers.push({ atMs: atMs + (line.answerMs ?? 10), size });
    }
  }
  return { state, changes, sent };
}

describe('the MTU of a tunnel', () => {
  test.each(MTU_SIZES.map((size) => [size]))('of %i bytes is measured in under three seconds', (size) => {
    const { changes } = play({ limit: () => size }, 10_000);
    expect(changes).toEqual([[expect.any(Number), size]]);
    expect(changes[0]?.[0]).toBeLessThan(3_000);
  });

  test('is the smallest size if none of the padded probes is answered', () => {
    expect(play({ limit: () => 100 }, 10_000).state.sizeBytes).toBe(1_280);
  });

  test('falls within ten seconds when a black hole appears, and rises within 70 when it goes soon', () => {
    const { changes } = play({ limit: (atMs) => (atMs > 20_000 && atMs < 60_000 ? 1_300 : 1_420) }, 200_000);
    expect(changes.map(([, size]) => size)).toEqual([1_420, 1_300, 1_420]);
    expect(changes[1]?.[0]).toBeLessThan(30_000);
    expect(changes[2]?.[0]).toBeLessThan(130_000);
  });

  test('is tried to be raised only when it is reduced, in pauses that double up to ten minutes', () => {
    const sweeps = (limit: number) => {
      const { sent } = play({ limit: () => limit }, 3_000_000);
      const larger = sent.filter(([atMs, size]) => size > limit && atMs > 10_000).map(([atMs]) => atMs);
      return larger.filter((atMs, index) => atMs - (larger[index - 1] ?? 0) > 10_000);
    };
    const pauses = sweeps(1_380).map((atMs, index, all) =>
      Math.round((atMs - (all[index - 1] ?? 0)) / 1_000),
    );
    expect(pauses).toEqual([60, 120, 240, 480, 600, 600, 600]);
    expect(play({ limit: () => 1_420 }, 3_000_000).sent.filter(([, size]) => size < 1_420)).toHaveLength(20);
  });

  test('is not lowered by an attempt to raise it, even if all of that is lost', () => {
    const lostMs = (atMs: number) => atMs > 59_000 && atMs < 63_000;
    const limit = (atMs: number) => (lostMs(atMs) ? 100 : 1_340);
    expect(play({ limit }, 70_000).changes.map(([, size]) => size)).toEqual([1_340]);
  });

  test('is checked twelve times more seldom while nothing passes, and at once when something does', () => {
    const { sent } = play({ limit: () => 1_420, isBusy: (atMs) => atMs >= 65_000 }, 67_000);
    const checks = sent.map(([atMs]) => atMs).filter((atMs) => atMs > 3_000);
    expect(checks).toEqual([14_000, 26_000, 38_000, 50_000, 62_000, 65_000, 66_000, 67_000]);
  });

  test('falls within five seconds of an idle check that finds a black hole', () => {
    const { changes } = play(
      { limit: (atMs) => (atMs > 20_000 ? 1_300 : 1_420), isBusy: () => false },
      60_000,
    );
    expect(changes.map(([, size]) => size)).toEqual([1_420, 1_300]);
    expect(changes[1]?.[0]).toBeLessThan(20_000 + 12_000 + 5_000 + 1_000);
  });

  test('is not lowered because the hub is down', () => {
    const { state, changes } = play({ limit: (atMs) => (atMs > 5_000 && atMs < 40_000 ? 0 : 1_420) }, 60_000);
    expect(state.sizeBytes).toBe(1_420);
    expect(changes).toHaveLength(1);
  });

  test('is measured over a line with 900 ms of delay', () => {
    expect(play({ limit: () => 1_380, answerMs: 900 }, 30_000).state.sizeBytes).toBe(1_380);
  });

  test('does not fall for a packet lost now and then', () => {
    const { changes } = play({ limit: () => 1_420, lost: (count) => count % 11 === 0 }, 300_000);
    expect(changes.map(([, size]) => size)).toEqual([1_420]);
  });

  test('never is a size that does not get through, ten seconds after the last change of the line', () => {
    const steps = fc.array(fc.constantFrom(...MTU_SIZES), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(steps, (limits) => {
        const limit = (atMs: number) =>
          limits[Math.min(limits.length - 1, Math.floor(atMs / 15_000))] ?? 1_420;
        const { state } = play({ limit }, limits.length * 15_000 + 10_000);
        expect(state.sizeBytes).toBeLessThanOrEqual(limits[limits.length - 1] ?? 0);
      }),
      { numRuns: 40 },
    );
  });
});
