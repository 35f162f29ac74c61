/** Which trials of an isolation are worth an entry in the log. */
import { expect, test } from 'vitest';
import { proofEvents } from '../../../functions/domain/proof-events.ts';
import type { Proof } from '../../../protocol/report.ts';

const proof = (verdict: Proof['verdict'], cut = false): Proof => ({
  site: 'tokyo',
  edge: 'two',
  verdict,
  cut,
});

test.each([
  [
    'a flow that was cut',
    proof('pending'),
    proof('refused', true),
    'is proved by packets; what ran before was cut',
  ],
  [
    'what passes',
    proof('refused'),
    proof('passed'),
    'does not hold: packets that no policy allows were answered',
  ],
  [
    'what passes from the start',
    undefined,
    proof('passed'),
    'does not hold: packets that no policy allows were answered',
  ],
  ['what is refused again', proof('passed'), proof('refused'), 'holds again, by packets'],
])('%s is one sentence', (_, before, after, words) => {
  expect(proofEvents('berlin', before && [before], [after])).toEqual([
    `The isolation from edge berlin to tokyo (edge two) ${words}.`,
  ]);
});

test.each([
  ['an agent that began anew', proof('pending'), proof('refused')],
  ['a link that goes', proof('refused', true), proof('unreached', true)],
  ['a link that is back', proof('unreached', true), proof('refused', true)],
  ['what nobody counts', proof('refused'), proof('uncounted')],
  ['what still passes', proof('passed'), proof('passed')],
])('%s is none', (_, before, after) => {
  expect(proofEvents('berlin', [before], [after])).toEqual([]);
});

test('an open tenant is none', () => {
  expect(proofEvents('berlin', [proof('refused', true)], undefined)).toEqual([]);
});
