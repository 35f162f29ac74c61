/** Time without a clock, held against the runtime's own calendar. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageSeconds, isBefore, secondsOf } from '../../protocol/time.ts';

fc.configureGlobal({ seed: 73 });

const date = fc.date({ min: new Date('1970-01-01'), max: new Date('2400-01-01'), noInvalidDate: true });

test('seconds are those of the calendar', () => {
  fc.assert(
    fc.property(date, (at) => {
      expect(secondsOf(at.toISOString())).toBeCloseTo(at.getTime() / 1000, 3);
    }),
  );
  expect(secondsOf('2028-02-29T12:00:00Z')).toBe(Date.parse('2028-02-29T12:00:00Z') / 1000);
  expect(secondsOf('yesterday')).toBeNaN();
});

test('an age is whole seconds, and never negative', () => {
  expect(ageSeconds('2026-01-01T00:00:00.900Z', '2026-01-01T00:01:00.000Z')).toBe(59);
  expect(ageSeconds('2026-01-01T00:01:00.000Z', '2026-01-01T00:00:00.000Z')).toBe(0);
  expect(isBefore('2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00.002Z')).toBe(true);
  expect(isBefore('2026-01-01T00:00:00.002Z', '2026-01-01T00:00:00.002Z')).toBe(false);
});
