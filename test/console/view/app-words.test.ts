/** An app in few signs: which release runs, where, and how many are ready. */
import { expect, test } from 'vitest';
import { placesText, readyText, releaseText } from '../../../console/view/app-words.ts';

const app = { release: 3, running: 3, instances: [] };

test('the release that runs is told, and one that comes or has failed beside it', () => {
  expect(releaseText(app)).toBe('3');
  expect(releaseText({ ...app, running: 2, stage: { release: 3 } })).toBe('2 → 3');
  expect(releaseText({ ...app, running: 2 })).toBe('2 (3 ✗)');
});

test('replicas are counted by cluster, and ready ones without those beside what runs', () => {
  expect([placesText(app), readyText(app)]).toEqual(['–', '–']);
  const assignments = [
    { cluster: 'a', replicas: 2 },
    { cluster: 'b', replicas: 1 },
    { cluster: 'a', replicas: 1 },
  ];
  const instances = [
    { ready: 2, wanted: 3 },
    { ready: 1, wanted: 1, track: 'next' as const },
    { ready: 1, wanted: 1 },
  ];
  expect([placesText({ ...app, placed: { assignments } }), readyText({ ...app, instances })]).toEqual([
    'a ×3, b ×1',
    '3/4',
  ]);
});
