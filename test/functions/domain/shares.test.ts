/** Shares of a canary over clusters. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharesOf, totalsOf } from '../../../functions/domain/shares.ts';

test.each([
  [{ a: 4 }, 25, { a: 1 }],
  [{ a: 1 }, 1, { a: 1 }],
  [{ a: 3, b: 1 }, 50, { a: 2, b: 0 }],
  [{ a: 10, b: 10 }, 10, { a: 1, b: 1 }],
  [{ a: 2, b: 0 }, 99, { a: 2, b: 0 }],
  [{ a: 0 }, 50, { a: 0 }],
])('of %j %i %% is %j', (replicas, percent, expected) => {
  const assigned = Object.entries(replicas).map(([cluster, count]) => ({ cluster, replicas: count }));
  expect(Object.fromEntries(sharesOf(assigned, percent))).toEqual(expected);
});

test('together they are the share rounded up, and no cluster has more than it has replicas', () => {
  const counts = fc.array(fc.nat(50), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 99 }), (replicas, percent) => {
      const assigned = replicas.map((count, index) => ({ cluster: `c${index}`, replicas: count }));
      const shares = sharesOf(assigned, percent);
      const total = replicas.reduce((sum, count) => sum + count, 0);
      expect([...shares.values()].reduce((sum, count) => sum + count, 0)).toBe(
        Math.ceil((total * percent) / 100),
      );
      for (const { cluster, replicas: count } of assigned)
        expect(shares.get(cluster)).toBeLessThanOrEqual(count);
      expect(sharesOf(assigned.toReversed(), percent)).toEqual(shares);
    }),
  );
});

test('counts of one cluster are one', () => {
  const counts = [
    { cluster: 'a', replicas: 2 },
    { cluster: 'b', replicas: 1 },
    { cluster: 'a', replicas: 3 },
  ];
  expect(totalsOf(counts)).toEqual([
    { cluster: 'a', replicas: 5 },
    { cluster: 'b', replicas: 1 },
  ]);
});
