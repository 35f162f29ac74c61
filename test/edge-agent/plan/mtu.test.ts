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
}

/** Plays a line for some time; the sizes in use by time of change. */
function play(
  line: Line,
  untilMs: number,
): { readonly state: MtuState; readonly changes: readonly [number, number][] } {
  let state = UNMEASURED;
  let count = 0;
  const changes: [number, number][] = [];
  const answers: { readonly atMs: number; readonly size: number }[] = [];
  for (let atMs = 0; atMs <= untilMs; atMs += TICK_MS) {
    while (answers[0] !== undefined && answers[0].atMs <= atMs)
      state = answeredMtu(state, answers.shift()?.size ?? 0);
    const limit = line.limit(atMs);
    const step = tickMtu(state, { atMs, isUp: limit > 0 }, SETTINGS);
    if (step.state.isMeasured && step.state.sizeBytes !== (state.isMeasured ? state.sizeBytes : 0))
      changes.push([atMs, step.state.sizeBytes]);
    state = step.state;
    for (const size of step.send) {
      count += 1;
      const isLost = line.lost?.(count) ?? false;
      if (size <= limit && !isLost) answers.push({ atMs: atMs + (line.answerMs ?? 10), size });
    }
  }
  return { state, changes };
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

  test('falls within ten seconds when a black hole appears, and rises within 70 when it goes', () => {
    const { changes } = play({ limit: (atMs) => (atMs > 20_000 && atMs < 100_000 ? 1_300 : 1_420) }, 200_000);
    expect(changes.map(([, size]) => size)).toEqual([1_420, 1_300, 1_420]);
    expect(changes[1]?.[0]).toBeLessThan(30_000);
    expect(changes[2]?.[0]).toBeLessThan(170_000);
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
