/** Traffic from counts: only what two tellings of one hub show, never below zero, and old tellings are not now. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type LinkCount,
  NO_TRAFFIC,
  nextTraffic,
  rateWords,
  type Traffic,
} from '../../../console/view/traffic.ts';

const START = Date.parse('2026-11-29T12:00:00.000Z');
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const count = (seconds: number, receivedBytes: number, sentBytes = 0, key = 'hub/berlin'): LinkCount => ({
  key,
  observedAt: at(seconds),
  receivedBytes,
  sentBytes,
});

function after(...looks: readonly [seconds: number, ...counts: LinkCount[]][]): Traffic {
  return looks.reduce(
    (traffic, [seconds, ...counts]) => nextTraffic(traffic, counts, at(seconds)),
    NO_TRAFFIC,
  );
}

test('is what two tellings have between them, by the time between them', () => {
  expect(after([0, count(0, 1_000)]).rates).toEqual([]);
  expect(after([0, count(0, 1_000, 50)], [10, count(10, 2_000, 300)]).rates).toEqual([
    { atMs: START + 10_000, fromSites: 800, toSites: 200 },
  ]);
});

test('stays as it was while nothing new is told, and ends when that is too old', () => {
  const told = [0, count(0, 0)] as const;
  const again = [10, count(10, 1_000)] as const;
  expect(after([...told], [...again], [14, count(10, 1_000)]).rates.at(-1)?.fromSites).toBe(800);
  expect(after([...told], [...again], [100, count(10, 1_000)]).rates).toHaveLength(1);
});

test('of a hub that began anew is not known until it has told twice', () => {
  const traffic = after([0, count(0, 5_000)], [10, count(10, 100)]);
  expect(traffic.rates).toEqual([]);
  expect(nextTraffic(traffic, [count(20, 1_100)], at(20)).rates.at(-1)?.fromSites).toBe(800);
});

test('is the sum of all links, never below zero, and has an end', () => {
  const bytes = fc.nat({ max: 1e12 });
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, bytes), { minLength: 1, maxLength: 400 }), (tellings) => {
      const looks = tellings.map(([one, other], index): [number, ...LinkCount[]] => [
        index * 4,
        count(index * 4, one, other, 'a'),
        count(index * 4, other, one, 'b'),
      ]);
      const { rates } = after(...looks);
      expect(rates.length).toBeLessThanOrEqual(300);
      for (const rate of rates) expect(Math.min(rate.fromSites, rate.toSites)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 50 },
  );
});

test('is said in three digits', () => {
  expect([0, 7, 999, 1_000, 1_250, 999_499, 999_500, 42_000_000, 1e13].map(rateWords)).toEqual([
    '0 bit/s',
    '7 bit/s',
    '999 bit/s',
    '1.0 kbit/s',
    '1.3 kbit/s',
    '999 kbit/s',
    '1.0 Mbit/s',
    '42 Mbit/s',
    '10 Tbit/s',
  ]);
});
