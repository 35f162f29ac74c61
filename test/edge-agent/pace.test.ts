/** How often the control plane is asked. */
import { expect, test } from 'vitest';
import { Pace } from '../../edge-agent/pace.ts';

const CALM = { isOnTrial: false, isAlone: false, pollSeconds: 10, chance: 0.5 };

test('as the answer says, else as the document says, else every 30 s; a removed agent every minute', () => {
  const pace = new Pace();
  expect([
    pace.nextMs({ kind: 'unchanged', pollSeconds: 7 }, CALM),
    pace.nextMs({ kind: 'unchanged' }, CALM),
    pace.nextMs({ kind: 'unchanged' }, { ...CALM, pollSeconds: undefined }),
    pace.nextMs({ kind: 'refused' }, CALM),
    pace.nextMs({ kind: 'denied' }, CALM),
  ]).toEqual([7_000, 10_000, 30_000, 10_000, 60_000]);
});

test('every ten seconds at the most while no hub can nudge, but no sooner than that for who is turned away', () => {
  const pace = new Pace();
  const alone = { ...CALM, isAlone: true, pollSeconds: 30 };
  expect([
    pace.nextMs({ kind: 'unchanged' }, alone),
    pace.nextMs({ kind: 'unchanged', pollSeconds: 4 }, alone),
    pace.nextMs({ kind: 'denied' }, alone),
  ]).toEqual([10_000, 4_000, 60_000]);
});

test('ever less often while nobody answers, but every five seconds during a trial, and as usual after an answer', () => {
  const pace = new Pace();
  const waits = [1, 2, 3, 4, 5, 6].map(() => pace.nextMs({ kind: 'unreachable' }, CALM));
  expect(waits).toEqual([750, 1_500, 3_000, 6_000, 12_000, 24_000]);
  expect(pace.nextMs({ kind: 'unreachable' }, { ...CALM, isOnTrial: true })).toBe(5_000);
  pace.nextMs({ kind: 'unchanged' }, CALM);
  expect(pace.nextMs({ kind: 'unreachable' }, CALM)).toBe(750);
});
