/** Health of sites, worst first, with the age of what is said; and which edges want a person. */
import { expect, test } from 'vitest';
import type { ConditionFacts, EdgeFacts } from '../../../console/view/facts.ts';
import { agentHealth, siteHealth } from '../../../console/view/health.ts';

const NOW = '2026-03-01T12:00:10.000Z';
const said = (status: ConditionFacts['status'], reason: string, message = ''): ConditionFacts => ({
  type: 'Connected',
  status,
  reason,
  message,
  lastTransitionTime: '2026-03-01T12:00:00.000Z',
});
const edge = (site: string, ...conditions: ConditionFacts[]): EdgeFacts => ({
  tenant: 't',
  site,
  name: site,
  conditions,
});

const siteOf = (tenant: string, name: string, ...conditions: ConditionFacts[]) => ({
  tenant,
  name,
  conditions,
});

const EDGES = [
  edge('well', said('True', 'HandshakeFresh')),
  edge('down', said('True', 'Approved'), said('False', 'NoHandshake', 'none hears the edge')),
  edge('silent', said('Unknown', 'HubSilent')),
  edge('behind', said('False', 'Behind')),
  edge('new', said('False', 'WaitingForApproval'), said('False', 'NotApproved')),
];

test('the worst statement about a site is shown, and the worst sites come first', () => {
  const sites = ['bare', 'well', 'new', 'silent', 'down', 'behind'].map((name) => siteOf('t', name));
  const healths = siteHealth(sites, EDGES, NOW);
  expect(healths.map(({ name, level }) => `${name} ${level}`)).toEqual([
    'down bad',
    'behind unknown',
    'silent unknown',
    'bare waiting',
    'new waiting',
    'well good',
  ]);
  expect(healths[0]?.statement).toMatchObject({ message: 'none hears the edge', ageSeconds: 10 });
});

test('what is said of the site itself is shown where no edge says anything worse', () => {
  const [bare] = siteHealth(
    [siteOf('t', 'bare', said('False', 'NoEdge', 'No edge has enrolled.'))],
    EDGES,
    NOW,
  );
  expect(bare).toMatchObject({ level: 'waiting', statement: { message: 'No edge has enrolled.' } });
});

test('an edge of another tenant says nothing about a site of the same name', () => {
  expect(siteHealth([siteOf('other', 'down')], EDGES, NOW)).toMatchObject([{ level: 'waiting' }]);
});

test('agents keep their order', () => {
  expect(agentHealth(EDGES, NOW).map(({ name }) => name)).toEqual(EDGES.map(({ name }) => name));
});
