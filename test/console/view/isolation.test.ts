/** The switch is green only on the word of the API that each edge and hub holds the isolation. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConditionFacts } from '../../../console/view/facts.ts';
import { switchState } from '../../../console/view/isolation.ts';

const AT = '2026-11-28T12:00:00.000Z';

function condition(type: string, status: ConditionFacts['status'], reason: string): ConditionFacts {
  return { type, status, reason, message: '', lastTransitionTime: AT };
}

const HELD = condition('Isolated/edge/berlin', 'True', 'Applied');
const ALL = condition('Isolated', 'True', 'OnlyPolicies');

test('it is settled when the API says that all hold it, and off at once in an open tenant', () => {
  expect(switchState('isolated', [ALL, HELD])).toEqual({ kind: 'settled', isolated: true, agents: 1 });
  expect(switchState('open', [condition('Isolated', 'False', 'Open')])).toMatchObject({ isolated: false });
});

test.each([
  ['Unknown', 'Compiling', 'compiling'],
  ['Unknown', 'Applying', 'behind'],
  ['False', 'Refused', 'refused'],
  ['Unknown', 'Silent', 'silent'],
] as const)('while one is %s, %s, it says whom it waits for', (status, reason, shown) => {
  const late = condition('Isolated/hub/one', status, reason);
  expect(switchState('isolated', [condition('Isolated', 'Unknown', 'NotSeen'), HELD, late])).toEqual({
    kind: 'applying',
    isolated: true,
    waiting: [{ agent: 'one', reason: shown, since: AT }],
  });
});

test('without an agent it says so, and before the API says anything it waits', () => {
  const nothing = condition('Isolated', 'True', 'NothingJoined');
  expect(switchState('isolated', [nothing])).toEqual({ kind: 'without-agents', isolated: true });
  expect(switchState('isolated', [])).toEqual({ kind: 'applying', isolated: true, waiting: [] });
});

test('it is never settled while one condition is not true', () => {
  const status = fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const);
  fc.assert(
    fc.property(status, fc.array(status), (together, each) => {
      const conditions = [
        condition('Isolated', together, 'OnlyPolicies'),
        ...each.map((one, index) => condition(`Isolated/edge/e${index}`, one, 'Applying')),
      ];
      const isAll = [together, ...each].every((one) => one === 'True');
      expect(switchState('isolated', conditions).kind).toBe(isAll ? 'settled' : 'applying');
    }),
  );
});
