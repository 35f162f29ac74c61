/** How often a type may be asked for its newest version. */
import { expect, test } from 'vitest';
import { freshIntervalMs } from '../../../edge-agent/cache/types.ts';

test('one who reads alone hardly waits, many of a large type wait a second at most', () => {
  expect([
    freshIntervalMs(0, 1e7),
    freshIntervalMs(1, 10_000),
    freshIntervalMs(10, 5e6),
    freshIntervalMs(500, 5e6),
  ]).toEqual([0, 2.1, 520, 1_000]);
});
