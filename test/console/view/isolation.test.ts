/** The isolation switch: never settled on old news, whatever the agents say. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentFacts, ConditionFacts } from '../../../console/view/facts.ts';
import { COMPILE_SECONDS_MAX, switchState } from '../../../console/view/isolation.ts';

const WRITTEN = '2026-03-01T12:00:00.000Z';
const WISH = { isolation: 'isolated' as const, writtenAt: WRITTEN };
const at = (seconds: number) => new Date(Date.parse(WRITTEN) + seconds * 1000).toISOString();

function condition(
  type: string,
  status: ConditionFacts['status'],
  more: Partial<ConditionFacts> = {},
): ConditionFacts {
  return { type, status, reason: 'Some', message: '', lastTransitionTime: at(60), ...more };
}

function edge(name: string, applied = condition('Applied', 'True')): AgentFacts {
  return { name, conditions: [condition('Approved', 'True'), condition('Connected', 'True'), applied] };
}

const hub: AgentFacts = {
  name: 'hub1',
  conditions: [condition('Enrolled', 'True'), condition('Reporting', 'True'), condition('Applied', 'True')],
};

test('it is settled when every edge and hub reported the newest document since the wish', () => {
  expect(switchState(WISH, [edge('berlin'), hub])).toEqual({ kind: 'settled', isolated: true, agents: 2 });
  expect(switchState({ ...WISH, isolation: 'open' }, [edge('berlin'), hub])).toEqual({
    kind: 'settled',
    isolated: false,
    agents: 2,
  });
});

test('it waits for one that is behind, that refused, and that was not heard since', () => {
  const agents = [
    edge('behind', condition('Applied', 'False', { reason: 'Behind' })),
    edge('refusing', condition('Applied', 'False', { reason: 'Refused' })),
    edge('old', condition('Applied', 'True', { lastTransitionTime: at(-1) })),
    edge('early', condition('Applied', 'True', { lastTransitionTime: at(COMPILE_SECONDS_MAX - 1) })),
    hub,
  ];
  expect(switchState(WISH, agents)).toEqual({
    kind: 'applying',
    isolated: true,
    waiting: [
      { agent: 'behind', reason: 'behind', since: at(60) },
      { agent: 'refusing', reason: 'refused', since: at(60) },
      { agent: 'old', reason: 'not-heard-since', since: at(-1) },
      { agent: 'early', reason: 'not-heard-since', since: at(COMPILE_SECONDS_MAX - 1) },
    ],
  });
});

test('a site that is down is not settled, though its last report was good', () => {
  const silent: AgentFacts = {
    name: 'down',
    conditions: [
      condition('Approved', 'True'),
      condition('Connected', 'False', { lastTransitionTime: at(90) }),
      condition('Applied', 'True'),
    ],
  };
  expect(switchState(WISH, [silent, hub])).toMatchObject({
    kind: 'applying',
    waiting: [{ agent: 'down', reason: 'silent', since: at(90) }],
  });
});

test('who has no tunnel is not waited for', () => {
  const stranger = { name: 'new', conditions: [condition('Approved', 'False')] };
  expect(switchState(WISH, [stranger])).toEqual({ kind: 'without-agents', isolated: true });
  expect(switchState(WISH, [stranger, hub])).toMatchObject({ kind: 'settled', agents: 1 });
});

test('adding an agent never settles what was not settled', () => {
  const status = fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const);
  const some = fc.record({
    first: status,
    heard: status,
    applied: status,
    seconds: fc.integer({ min: -99, max: 99 }),
  });
  const agent = some.map(({ first, heard, applied, seconds }): AgentFacts => {
    const conditions = [
      condition('Approved', first),
      condition('Connected', heard),
      condition('Applied', applied, { lastTransitionTime: at(seconds) }),
    ];
    return { name: 'any', conditions };
  });
  fc.assert(
    fc.property(fc.array(agent), agent, (agents, one) => {
      if (switchState(WISH, agents).kind !== 'applying') return;
      expect(switchState(WISH, [...agents, one]).kind).toBe('applying');
    }),
  );
});
