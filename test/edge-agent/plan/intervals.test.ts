/** Prefixes as disjoint intervals: what nftables accepts, and the same addresses. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  collapse,
  disjointPairs,
  formatInterval,
  type Interval,
} from '../../../edge-agent/plan/intervals.ts';
import { containsAddress, formatPrefix, networkOf, parsePrefix } from '../../../protocol/address.ts';

test('a prefix inside another one is left out', () => {
  expect(collapse(['10.0.1.0/24', '10.0.0.7/32', '10.0.0.0/24', '10.0.0.0/24'])).toEqual([
    '10.0.0.0/24',
    '10.0.1.0/24',
  ]);
});

test('pairs that overlap in both dimensions become disjoint', () => {
  const pairs = disjointPairs([
    { from: '10.0.0.0/24', to: '10.1.0.7/32' },
    { from: '10.0.0.9/32', to: '10.1.0.0/24' },
  ]);
  expect(pairs.map(({ from, to }) => `${formatInterval(from)} . ${formatInterval(to)}`)).toEqual([
    '10.0.0.0-10.0.0.8 . 10.1.0.7',
    '10.0.0.9 . 10.1.0.0-10.1.0.255',
    '10.0.0.10-10.0.0.255 . 10.1.0.7',
  ]);
});

/** 16 addresses, so that overlaps are common and every one of them can be asked. */
const BASE = parsePrefix('10.0.0.0/28').base;
const ADDRESSES = Array.from({ length: 16 }, (_, index) => BASE + index);
const prefix = fc
  .record({ length: fc.integer({ min: 28, max: 32 }), at: fc.nat(15) })
  .map(({ length, at }) => formatPrefix({ base: networkOf(BASE + at, length), length }));

function holds({ first, last }: Interval, address: number): boolean {
  return address >= first && address <= last;
}

test('disjoint pairs hold the same addresses as the pairs they were made of, each once', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ from: prefix, to: prefix }), { maxLength: 6 }), (pairs) => {
      const disjoint = disjointPairs(pairs);
      for (const source of ADDRESSES)
        for (const destination of ADDRESSES) {
          const isIn = pairs.some(
            ({ from, to }) =>
              containsAddress(parsePrefix(from), source) && containsAddress(parsePrefix(to), destination),
          );
          const boxes = disjoint.filter(({ from, to }) => holds(from, source) && holds(to, destination));
          expect(boxes.length).toBe(isIn ? 1 : 0);
        }
    }),
    { numRuns: 200, seed: 3 },
  );
});
