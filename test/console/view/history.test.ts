/** Points of a curve: one a look, in order, no more than it shows, and never two things on one curve. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextHistory, type Point } from '../../../console/view/history.ts';

const POINTS_MAX = 300;
const point = fc.record({ atMs: fc.nat(2_000), values: fc.tuple(fc.nat(), fc.nat()) });

test('points are in order, each look counts once, and the oldest are forgotten', () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 800 }), (looks) => {
      const points = looks.reduce<readonly Point[]>((before, look) => nextHistory(before, look), []);
      expect(points.length).toBeLessThanOrEqual(POINTS_MAX);
      expect(points.every(({ atMs }, index) => index === 0 || (points[index - 1]?.atMs ?? 0) < atMs)).toBe(
        true,
      );
      expect(points.at(-1)?.atMs).toBe(Math.max(...looks.map(({ atMs }) => atMs)));
    }),
  );
});

test('when other things are told of it, as after a member was added, the curve begins anew', () => {
  const before = [{ atMs: 1, values: [1, 2] }];
  const next = { atMs: 2, values: [1, 2, 3] };
  expect(nextHistory(before, next)).toEqual([next]);
});
