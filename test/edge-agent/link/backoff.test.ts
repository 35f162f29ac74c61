/** SCENARIO 24: agents come back after an outage without a stampede. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pollDelayMs, retryDelayMs } from '../../../edge-agent/link/backoff.ts';

test('waits double from a second to two minutes, half of each by chance', () => {
  const waits = [1, 2, 3, 8, 100, 5_000].map((failures) => [
    retryDelayMs(failures, 0),
    retryDelayMs(failures, 1),
  ]);
  expect(waits).toEqual([
    [500, 1_000],
    [1_000, 2_000],
    [2_000, 4_000],
    [60_000, 120_000],
    [60_000, 120_000],
    [60_000, 120_000],
  ]);
});

test('a poll comes when it was asked for, give or take a tenth, and within an hour', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (seconds, chance) => {
        const asked = Math.min(seconds * 1_000, 3_600_000);
        const delay = pollDelayMs(seconds, chance);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(asked * 0.9));
        expect(delay).toBeLessThanOrEqual(Math.ceil(asked * 1.1));
      },
    ),
  );
});

test('scenario 24: 10,000 agents that lost the control plane for an hour come back spread over at least a minute', () => {
  const perSecond = new Map<number, number>();
  let seed = 1;
  for (let agent = 0; agent < 10_000; agent += 1) {
    let atMs = 0;
    for (let failures = 1; atMs < 3_600_000; failures += 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      atMs += retryDelayMs(failures, seed / 2_147_483_647);
    }
    const second = Math.floor(atMs / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  expect(Math.max(...perSecond.values())).toBeLessThan(250);
});
