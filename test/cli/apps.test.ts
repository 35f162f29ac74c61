/** What `isthmus apps`, `promote` and `abort` say of a release that comes by stages. */
import { expect, test } from 'vitest';
import { appsText, appText, movedText } from '../../cli/apps.ts';
import { App } from '../../protocol/app.ts';

const SINCE = '2026-01-31T12:00:00.000Z';
const NOW_MS = Date.parse('2026-01-31T12:02:00.000Z');

function app(status: object): App {
  const metadata = { name: 'web', createdAt: SINCE, updatedAt: SINCE, generation: 2, version: 3 };
  const counts = { wanted: 4, ready: 4, updated: 4, statements: [], containers: [], cluster: 'prod' };
  const instances = [
    { ...counts, release: 1 },
    { ...counts, release: 2, wanted: 1, ready: 1, track: 'next' },
  ];
  const name = { hostname: 'web.acme.isthmus.internal', endpoints: [] };
  const whole = { release: 2, running: 1, ...name, instances, conditions: [], ...status };
  return App.parse({ metadata, spec: { image: 'web:2' }, status: whole });
}

const STAGE = {
  name: '2.canary.2',
  kind: 'canary',
  release: 2,
  step: 2,
  percent: 25,
  since: SINCE,
  waitsForPromotion: true,
  message: 'Release 2, step 2 of 2. It is up, and waits for somebody to promote it.',
};

test('the list counts what runs, and names the stage', () => {
  const [, row] = appsText([app({ stage: STAGE })], new Map()).split('\n');
  expect(row?.split(/ {2,}/)).toEqual(['web', '1 -> 2', '-', '4/4', '-; stage 2.canary.2']);
});

test('one app says for how long, and what may be done', () => {
  const lines = appText(app({ stage: STAGE }), { unseen: new Map(), nowMs: NOW_MS }).split('\n');
  expect(lines.slice(1, 4)).toEqual([
    'runs    release 1',
    expect.stringMatching(/^stage {3}2\.canary\.2, for /),
    '        isthmus promote web, or isthmus abort web',
  ]);
});

test('after a move it is said what is so now', () => {
  expect(movedText(app({ stage: STAGE }))).toBe(`web: ${STAGE.message}`);
  expect(movedText(app({}))).toBe('web: release 2 is taken back, 1 runs.');
  expect(movedText(app({ running: 2 }))).toBe('web: release 2 runs.');
});
