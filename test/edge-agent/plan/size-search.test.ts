/** The largest packet that passes is found whatever it is, in few questions, and whatever is told of MTUs on the way. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginSearch, nextSize, type SizeAnswer, withAnswer } from '../../../edge-agent/plan/size-search.ts';

const SMALLEST = 64;

/** Asks until the search ends; the sizes that were tried are in the order of their trial. */
function searchOn(wanted: number, line: (sizeBytes: number) => SizeAnswer) {
  const tried: number[] = [];
  let search = beginSearch(SMALLEST, wanted);
  for (let size = nextSize(search); size !== undefined; size = nextSize(search)) {
    tried.push(size);
    if (tried.length > 100) throw new Error('it does not end');
    search = withAnswer(search, size, line(size));
  }
  return { largest: search.passes, tried };
}

const sizes = fc.integer({ min: SMALLEST, max: 65_535 });

test('is the largest that passes, or what was wanted if that does, in no more questions than halving takes and three', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.option(fc.func(fc.integer({ max: 70_000 }))), (wanted, limit, told) => {
      const line = (size: number) =>
        size <= limit ? { passes: true } : { passes: false, mtuBytes: told?.(size) };
      const { largest, tried } = searchOn(wanted, line);
      expect(largest).toBe(Math.min(wanted, limit));
      expect(tried.length).toBeLessThanOrEqual(Math.ceil(Math.log2(wanted - SMALLEST + 2)) + 3);
      expect(new Set(tried).size).toBe(tried.length);
    }),
  );
});

test('takes one question for a size that passes, and three if a router tells the truth', () => {
  expect(searchOn(1_400, () => ({ passes: true })).tried).toEqual([1_400]);
  const told = searchOn(1_400, (size) => ({ passes: size <= 1_380, mtuBytes: 1_380 }));
  expect(told).toEqual({ largest: 1_380, tried: [1_400, 1_380, 1_381] });
});
