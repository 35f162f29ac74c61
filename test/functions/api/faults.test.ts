/** What people are told of a field that has several forms. */
import { expect, test } from 'vitest';
import { parse } from '../../../functions/api/faults.ts';
import { Rejection } from '../../../functions/api/problems.ts';
import { AppSpec } from '../../../protocol/app.ts';

function told(change: object): string[] {
  try {
    parse(AppSpec, { image: 'web:1', ...change }, 'body');
  } catch (cause) {
    if (!(cause instanceof Rejection)) throw cause;
    return (cause.refusal.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`);
  }
  return [];
}

const WINDOW = { days: ['mon'], from: '08:00', to: '18:00', timezone: 'Europe/Berlin', min: 2 };

test.each([
  [
    'neither of its forms',
    { replicas: 'two' },
    ['/replicas This field is a number. Or: This field is an object.'],
  ],
  [
    'a field that is missing in the form that was meant',
    { replicas: { min: 1 } },
    ['/replicas/max This field is required: a number.'],
  ],
  [
    'a field that is unknown there',
    { replicas: { min: 1, max: 2, cpu: 1 } },
    ['/replicas/cpu There is no field "cpu" here. Remove it, or check its spelling.'],
  ],
  [
    'a field deep in it',
    { replicas: { min: 1, max: 2, schedule: [{ ...WINDOW, days: ['tues'] }] } },
    ['/replicas/schedule/0/days/0 Write one of: mon, tue, wed, thu, fri, sat, sun.'],
  ],
  [
    'no kind that there is',
    { upgrade: { kind: 'cannary' } },
    ['/upgrade/kind Write one of: rolling, blueGreen, canary.'],
  ],
])('a field with %s', (_, change, expected) => {
  expect(told(change)).toEqual(expected);
});
