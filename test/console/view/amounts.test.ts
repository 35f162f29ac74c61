/** Amounts: three digits, a unit, never more than the next unit's one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesWords,
  countWords,
  cpuWords,
  memoryWords,
  percentWords,
  takenOf,
} from '../../../console/view/amounts.ts';

test('an amount is said in the largest unit that it fills', () => {
  expect([0, 999, 1_000, 1_234, 999_999, 12_345_678, 5e15].map(bytesWords)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1.23 kB',
    '1 MB',
    '12.3 MB',
    '5 PB',
  ]);
  expect([512, 1_024, 16_000].map(memoryWords)).toEqual(['512 MiB', '1 GiB', '15.6 GiB']);
  expect([250, 1_000, 7_500].map(cpuWords)).toEqual(['250 m', '1', '7.5']);
  expect([7, 1_500].map(countWords)).toEqual(['7', '1.5 k']);
});

test('an amount below a thousand petabytes takes at most four digits, and a larger one is no smaller', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 50 }), (bytes) => {
      expect(bytesWords(bytes)).toMatch(/^\d{1,3}(\.\d{1,2})? [kMGTP]?B$/);
    }),
  );
});

test('what is taken is told in percent of what there is, and of nothing nothing', () => {
  const all = { cpuMillis: 4_000, memoryMib: 8_192, pods: 0 };
  const taken = { cpuMillis: 500, memoryMib: 4_096, pods: 0 };
  expect(takenOf(taken, all).map(percentWords)).toEqual(['12.5 %', '50 %', '0 %']);
});
