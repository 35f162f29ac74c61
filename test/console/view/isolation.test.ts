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
  expect(switchState('isolated', [ALL, HELD])).toEqual({
    kind: 'settled',
    isolated: true,
    agents: 1,
    proved: 0,
  });
  const proved = condition('Isolated/edge/tokyo', 'True', 'Proved');
  expect(switchState('isolated', [ALL, HELD, proved])).toMatchObject({ agents: 2, proved: 1 });
  expect(switchState('open', [condition('Isolated', 'False', 'Open')])).toMatchObject({ isolated: false });
});

test.each([
  ['Unknown', 'Compiling', 'compiling'],
  ['Unknown', 'Applying', 'behind'],
  ['False', 'Refused', 'refused'],
  ['Unknown', 'Silent', 'silent'],
  ['Unknown', 'Proving', 'proving'],
  ['Unknown', 'Unreached', 'unreached'],
  ['Unknown', 'Uncounted', 'uncounted'],
] as const)('while one is %s, %s, it says whom it waits for', (status, reason, shown) => {
  const late = condition('Isolated/hub/one', status, reason);
  expect(switchState('isolated', [condition('Isolated', 'Unknown', 'NotSeen'), HELD, late])).toEqual({
    kind: 'applying',
    isolated: true,
    waiting: [{ type: 'Isolated/hub/one', agent: 'one', reason: shown, since: AT }],
  });
});

test('it is broken where packets passed, and says who sent them', () => {
  const all = condition('Isolated', 'False', 'NotHeld');
  const passed = condition('Isolated/edge/berlin', 'False', 'Passed');
  expect(switchState('isolated', [all, passed])).toMatchObject({
    kind: 'broken',
    waiting: [{ agent: 'berlin', reason: 'leaks' }],
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
      const unsettled = together === 'False' ? 'broken' : 'applying';
      expect(switchState('isolated', conditions).kind).toBe(isAll ? 'settled' : unsettled);
    }),
  );
});
