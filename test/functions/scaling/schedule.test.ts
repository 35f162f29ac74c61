/** Windows of a week, on the wall clock of their zone. */
import { expect, test } from 'vitest';
import { isTimezone, openWindow } from '../../../functions/scaling/schedule.ts';
import { ScalingWindow } from '../../../protocol/scaling.ts';

const office = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: '08:00',
  to: '18:00',
  timezone: 'Europe/Berlin',
  min: 5,
};
const night = { days: ['sat'], from: '22:00', to: '04:00', min: 3 };

test.each([
  // Winter in Berlin is an hour before UTC, summer two: the window goes with the people.
  ['a winter morning before it', office, '2026-01-05T06:59:00Z', undefined],
  ['a winter morning', office, '2026-01-05T07:00:00Z', 5],
  ['a summer morning', office, '2026-07-06T06:00:00Z', 5],
  ['its end', office, '2026-07-06T16:00:00Z', undefined],
  ['a Sunday', office, '2026-07-05T10:00:00Z', undefined],
  ['an evening of a night', night, '2026-01-03T22:00:00Z', 3],
  ['the morning after', night, '2026-01-04T03:59:00Z', 3],
  ['the end of the night', night, '2026-01-04T04:00:00Z', undefined],
  ['the night before', night, '2026-01-03T03:00:00Z', undefined],
  ['a whole day', { from: '00:00', to: '00:00', min: 2 }, '2026-01-03T13:00:00Z', 2],
  [
    'a zone that nobody knows',
    { from: '00:00', to: '00:00', min: 2, timezone: 'No/Where' },
    '2026-01-03T13:00:00Z',
    undefined,
  ],
])('%s', (_name, window, moment, min) => {
  expect(openWindow([ScalingWindow.parse(window)], Date.parse(moment))?.min).toBe(min);
});

test('of several open ones the highest counts', () => {
  const windows = [1, 7, 3].map((min) => ScalingWindow.parse({ from: '00:00', to: '00:00', min }));
  expect(openWindow(windows, 0)?.min).toBe(7);
});

test('zones are those of the tz database', () => {
  expect(['UTC', 'Europe/Berlin', 'No/Where'].map(isTimezone)).toEqual([true, true, false]);
});
