/** Rates from counters, and which of them are told. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CpuReading, type Metered, meter, usageOf } from '../../../edge-agent/usage/meter.ts';
import { AGAIN_MS, CALM_MS, type Told, tell } from '../../../edge-agent/usage/news.ts';

const counter = (container: string, usedMs: number, atMs: number): CpuReading => ({
  kind: 'counter',
  container,
  usedMs,
  atMs,
});

function metered(...rounds: readonly (readonly CpuReading[])[]) {
  let state: Metered = new Map();
  for (const readings of rounds) state = meter(state, readings);
  return usageOf(state, rounds.at(-1) ?? []);
}

describe('the rate', () => {
  test('is that of two readings, of all containers together', () => {
    const first = [counter('a', 1_000, 0), counter('b', 50, 0)];
    const second = [counter('a', 3_500, 5_000), counter('b', 50, 5_000)];
    expect(metered(first, second)).toEqual({ containers: 2, cpuMillis: 500 });
  });

  test('is not known after one reading, or of readings that are too close', () => {
    expect(metered([counter('a', 1_000, 0)])).toEqual({ containers: 0, cpuMillis: 0 });
    expect(metered([counter('a', 0, 0)], [counter('a', 500, 2_500)])).toEqual({
      containers: 0,
      cpuMillis: 0,
    });
  });

  test('begins anew with a counter that went back', () => {
    expect(metered([counter('a', 9_000, 0)], [counter('a', 100, 5_000)]).containers).toBe(0);
  });

  test('stays as it was while the cluster has not looked again', () => {
    const rounds = [counter('a', 0, 0), counter('a', 2_500, 5_000), counter('a', 2_500, 5_000)];
    expect(metered(...rounds.map((one) => [one]))).toEqual({ containers: 1, cpuMillis: 500 });
  });

  test('forgets what is older than its window', () => {
    const used = [0, 0, 0, 2_500, 5_000, 7_500];
    const rounds = used.map((usedMs, index) => [counter('a', usedMs, index * 2_500)]);
    expect(metered(...rounds).cpuMillis).toBe(1_000);
  });

  test('may be answered by the cluster itself', () => {
    expect(metered([{ kind: 'rate', container: 'a', cpuMillis: 40 }])).toEqual({
      containers: 1,
      cpuMillis: 40,
    });
  });
});

/** Measures every 2.5 s; answers what was told, by when. */
function toldOf(loads: readonly number[], containers = 2): { atMs: number; cpuMillis: number }[] {
  const out: { atMs: number; cpuMillis: number }[] = [];
  let told: Told | undefined;
  for (const [index, cpuMillis] of loads.entries()) {
    const nowMs = index * 2_500;
    const next = tell(told, { usage: { containers, cpuMillis }, targetMillis: 100, nowMs });
    if (next.usage !== told?.usage) out.push({ atMs: nowMs, cpuMillis: next.usage.cpuMillis });
    told = next;
  }
  return out;
}

describe('what is told', () => {
  test('is the first measure, and nothing more while little happens', () => {
    expect(toldOf([200, 205, 195, 210, 190, 200])).toEqual([{ atMs: 0, cpuMillis: 200 }]);
  });

  test('is too much load at once, and again when it has grown', () => {
    expect(toldOf([100, 300, 305, 350]).map(({ atMs }) => atMs)).toEqual([0, 2_500, 7_500]);
  });

  test('is less load once it has lasted', () => {
    const loads = [300, ...Array<number>(20).fill(100)];
    expect(toldOf(loads).map(({ atMs }) => atMs)).toEqual([0, 2_500 + CALM_MS]);
  });

  test('is once a load that comes and goes, at its peak', () => {
    const loads = Array.from({ length: 400 }, (_, index) => (Math.floor(index / 4) % 2 === 0 ? 210 : 100));
    expect(toldOf(loads)).toEqual([{ atMs: 0, cpuMillis: 210 }]);
  });

  test('is a short peak of less than is too much, later', () => {
    const loads = [100, 150, ...Array<number>(12).fill(100)];
    expect(toldOf(loads)).toEqual([
      { atMs: 0, cpuMillis: 100 },
      { atMs: 2_500 + CALM_MS, cpuMillis: 150 },
    ]);
  });

  test('is too much again and again, ever more seldom', () => {
    const loads = Array.from({ length: 200 }, (_, index) => 300 + (index % 2));
    const times = toldOf(loads).map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    // Twice as long each time, to the next sample with other numbers.
    for (const [index, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(Math.min(300_000, AGAIN_MS * 2 ** index));
      expect(gap).toBeLessThanOrEqual(Math.min(300_000, AGAIN_MS * 2 ** index) + 2_500);
    }
    expect(gaps.length).toBeGreaterThan(3);
  });

  test('that nothing is known, at once', () => {
    const told = { usage: { containers: 2, cpuMillis: 100 }, atMs: 0, againMs: AGAIN_MS };
    const usage = { containers: 0, cpuMillis: 0, unknown: 'no right' };
    expect(tell(told, { usage, targetMillis: 100, nowMs: 0 }).usage).toBe(usage);
  });

  test('is never far below what is measured', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 100 }), (loads) => {
        let told: Told | undefined;
        for (const [index, cpuMillis] of loads.entries()) {
          const usage = { containers: 2, cpuMillis };
          told = tell(told, { usage, targetMillis: 100, nowMs: index * 2_500 });
          // Where more are needed, by no more than the control plane bears anyhow.
          if (cpuMillis > 220) expect(told.usage.cpuMillis).toBeGreaterThanOrEqual(cpuMillis - 20);
        }
      }),
    );
  });
});
