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
  ['a first proof', undefined, proof('refused', true), 'is proved by packets; what ran before was cut'],
  ['a proof after it was in doubt', proof('unreached'), proof('refused'), 'is proved by packets'],
  [
    'what passes',
    proof('refused'),
    proof('passed'),
    'does not hold: packets that no policy allows were answered',
  ],
  [
    'silence',
    proof('refused'),
    proof('unreached'),
    'is not proved any more: the control probe is not answered',
  ],
  [
    'what nobody counts',
    proof('pending'),
    proof('uncounted'),
    'is not proved any more: no firewall counts what is sent',
  ],
])('%s is one sentence', (_, before, after, words) => {
  expect(proofEvents('berlin', before && [before], [after])).toEqual([
    `The isolation from edge berlin to tokyo (edge two) ${words}.`,
  ]);
});

test('nothing new, and what is not known yet, is none', () => {
  expect(proofEvents('berlin', [proof('refused')], [proof('refused', true)])).toEqual([]);
  expect(proofEvents('berlin', [proof('refused')], [proof('pending')])).toEqual([]);
  expect(proofEvents('berlin', [proof('refused')], undefined)).toEqual([]);
});
