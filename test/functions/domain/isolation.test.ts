/** Nobody's word is taken for another's: an isolation holds where each edge and hub has said so and is heard. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Holder, isolationConditions } from '../../../functions/domain/isolation.ts';
import { condition } from '../../../functions/domain/status.ts';

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

const holder = (name: string, more: Partial<Holder> = {}): Holder => ({
  role: 'edge',
  name,
  isTold: true,
  applied: APPLIED,
  heard: HEARD,
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
          all.map(({ isTold, applied, heard }) => isTold && applied === APPLIED && heard === HEARD),
        );
        expect(together?.status === 'True').toBe(each.every(({ status }) => status === 'True'));
      }),
    );
  });
});
