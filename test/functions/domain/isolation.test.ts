/** Nobody's word is taken for another's: an isolation holds where each edge and hub has said so and is heard. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Holder, isolationConditions } from '../../../functions/domain/isolation.ts';
import { condition } from '../../../functions/domain/status.ts';
import type { Proof } from '../../../protocol/report.ts';

const AT = '2026-11-28T12:00:00.000Z';

const HEARD = condition(['Connected', 'True', 'HandshakeFresh'], 'Up at 1 of 1 hubs.', AT);
const SILENT = condition(
  ['Connected', 'False', 'NoHandshake'],
  'Every hub is heard, and none hears the edge.',
  AT,
);
const APPLIED = condition(['Applied', 'True', 'UpToDate'], 'It applied document 1.2.', AT);
const BEHIND = condition(['Applied', 'False', 'Behind'], 'It has applied 1.1, the newest is 1.2.', AT);
const REFUSED = condition(
  ['Applied', 'False', 'Refused'],
  'It refused document 1.2: it would cut off the LAN',
  AT,
);

const PROOF: fc.Arbitrary<Proof> = fc.record({
  site: fc.constantFrom('tokyo', 'paris'),
  edge: fc.constant('one'),
  verdict: fc.constantFrom('pending', 'refused', 'passed', 'unreached', 'uncounted'),
  cut: fc.boolean(),
});

const holder = (name: string, more: Partial<Holder> = {}): Holder => ({
  role: 'edge',
  name,
  isTold: true,
  applied: APPLIED,
  heard: HEARD,
  proofs: [],
  ...more,
});

function told(...holders: readonly Holder[]): string[] {
  return isolationConditions({ isolation: 'isolated', holders, updatedAt: AT }).map(
    ({ type, status, reason }) => `${type} ${status} ${reason}`,
  );
}

describe('an isolation', () => {
  test('holds where all hold it', () => {
    expect(told(holder('berlin'), holder('one', { role: 'hub' }))).toEqual([
      'Isolated True OnlyPolicies',
      'Isolated/edge/berlin True Applied',
      'Isolated/hub/one True Applied',
    ]);
  });

  test.each([
    ['is not told yet', { isTold: false }, 'Unknown Compiling', 'Unknown NotSeen'],
    ['has not applied it', { applied: BEHIND }, 'Unknown Applying', 'Unknown NotSeen'],
    ['refused it', { applied: REFUSED }, 'False Refused', 'False NotHeld'],
    ['is not heard', { heard: SILENT }, 'Unknown Silent', 'Unknown NotSeen'],
  ] as const)('is not said to hold while one %s', (_, more, own, all) => {
    expect(told(holder('berlin'), holder('tokyo', more))).toEqual([
      `Isolated ${all}`,
      'Isolated/edge/berlin True Applied',
      `Isolated/edge/tokyo ${own}`,
    ]);
  });

  test.each([
    [['refused'], 'True Proved', 'True OnlyPolicies'],
    [['refused', 'pending'], 'Unknown Proving', 'Unknown NotSeen'],
    [['pending', 'uncounted'], 'Unknown Uncounted', 'Unknown NotSeen'],
    [['uncounted', 'unreached', 'refused'], 'Unknown Unreached', 'Unknown NotSeen'],
    [['refused', 'unreached', 'passed'], 'False Passed', 'False NotHeld'],
  ] as const)('is what the worst of its trials shows: %j', (verdicts, own, all) => {
    const proofs = verdicts.map((verdict) => ({ site: verdict, edge: 'one', verdict, cut: false }));
    expect(told(holder('berlin', { proofs }))).toEqual([`Isolated ${all}`, `Isolated/edge/berlin ${own}`]);
  });

  test('is not said to be proved where an edge has not applied it, or is silent, whatever its trials show', () => {
    const proofs = [{ site: 'tokyo', edge: 'one', verdict: 'refused', cut: true }] as const;
    expect(told(holder('berlin', { proofs, applied: BEHIND }))[0]).toBe('Isolated Unknown NotSeen');
    expect(told(holder('berlin', { proofs, heard: SILENT }))[1]).toBe('Isolated/edge/berlin Unknown Silent');
  });

  test('does not hold where a packet passed, whoever is silent now', () => {
    const proofs = [{ site: 'tokyo', edge: 'one', verdict: 'passed', cut: false }] as const;
    expect(told(holder('berlin', { proofs, heard: SILENT }))).toEqual([
      'Isolated False NotHeld',
      'Isolated/edge/berlin False Passed',
    ]);
  });

  test('names whom it is about, and says that what ran was cut', () => {
    const proofs = [{ site: 'tokyo', edge: 'one', verdict: 'refused', cut: true }] as const;
    const [together, each] = isolationConditions({
      isolation: 'isolated',
      holders: [holder('berlin', { proofs })],
      updatedAt: AT,
    });
    expect(each?.message).toBe(
      'Packets to tokyo (edge one) are refused and counted, while a control probe is answered; tried every minute. What ran before was cut.',
    );
    expect(together?.message).toContain('proved by packets at 1.');
  });

  test('holds where nothing is joined, and is off in an open tenant', () => {
    expect(told(holder('one', { role: 'hub' }))[0]).toBe('Isolated True NothingJoined');
    const open = isolationConditions({ isolation: 'open', holders: [holder('berlin')], updatedAt: AT });
    expect(open.map(({ status, reason }) => [status, reason])).toEqual([['False', 'Open']]);
  });

  test('is true exactly if it is for each, and names those for which it is not', () => {
    const holders = fc.array(
      fc.record({
        role: fc.constantFrom('edge' as const, 'hub' as const),
        name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
        isTold: fc.boolean(),
        applied: fc.constantFrom(APPLIED, BEHIND, REFUSED),
        heard: fc.constantFrom(HEARD, SILENT),
        proofs: fc.array(PROOF, { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(holders, (some) => {
        const all = [holder('first'), ...some];
        const [together, ...each] = isolationConditions({
          isolation: 'isolated',
          holders: all,
          updatedAt: AT,
        });
        expect(each.map(({ status }) => status === 'True')).toEqual(
          all.map(
            ({ isTold, applied, heard, proofs }) =>
              isTold &&
              applied === APPLIED &&
              heard === HEARD &&
              proofs.every(({ verdict }) => verdict === 'refused'),
          ),
        );
        expect(together?.status === 'True').toBe(each.every(({ status }) => status === 'True'));
      }),
    );
  });
});
