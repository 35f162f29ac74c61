/** Shares of requests by answer: a whole is a whole, whatever is rounded. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answersOf } from '../../../console/view/answers.ts';

test('shares are said in hundredths, and none of nothing', () => {
  expect(answersOf({ fromCache: 1, coalesced: 1, upstream: 1 }).map(({ percent }) => percent)).toEqual([
    34, 33, 33,
  ]);
  expect(answersOf({ fromCache: 0, coalesced: 0, upstream: 0 }).map(({ percent }) => percent)).toEqual([
    0, 0, 0,
  ]);
});

test('all shares together are a hundred, and each is off by less than one', () => {
  const count = fc.nat({ max: 1_000_000 });
  fc.assert(
    fc.property(fc.record({ fromCache: count, coalesced: count, upstream: count }), (counts) => {
      const total = counts.fromCache + counts.coalesced + counts.upstream;
      fc.pre(total > 0);
      const shares = answersOf(counts);
      expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
      for (const { count: of, percent } of shares)
        expect(Math.abs(percent - (of / total) * 100)).toBeLessThan(1);
    }),
  );
});
