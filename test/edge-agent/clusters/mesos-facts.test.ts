/** What is read out of the answers of a Mesos master. */
import { expect, test } from 'vitest';
import { mesosFacts } from '../../../edge-agent/clusters/mesos-facts.ts';
import { Agents } from '../../../edge-agent/mesos/wire.ts';
import { plan } from '../../../functions/placement/plan.ts';
import { estateOf } from '../../../functions/placement/tenant.ts';
import { AppSpec } from '../../../protocol/app.ts';
import { SiteSpec } from '../../../protocol/site.ts';

const resources = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 2_048 } },
];
const info = (id: string) => ({
  id: { value: id },
  hostname: 'box',
  attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
  resources,
});
const registered = (id: string, active: boolean) => ({
  agent_info: info(id),
  active,
  version: '1.11.0',
  pid: 'slave(1)@10.0.0.5:5051',
  total_resources: resources,
});

function told(known: object) {
  return Agents.parse({ get_agents: known }).get_agents;
}

test('an agent is a node by its id, with its attributes as labels; one that is not heard of adds no capacity', () => {
  const agents = [registered('one', true), registered('two', false)];
  const facts = mesosFacts('1.11.0', told({ agents }));
  expect(facts.capacity).toEqual({ cpuMillis: 4_000, memoryMib: 2_048, pods: 1_000 });
  expect(
    facts.nodes.map(({ name, ready, schedulable, labels, addresses }) => [
      name,
      ready,
      schedulable,
      labels,
      addresses,
    ]),
  ).toEqual([
    ['one', 'True', true, { hostname: 'box', rack: 'r1' }, ['10.0.0.5']],
    ['two', 'Unknown', true, { hostname: 'box', rack: 'r1' }, ['10.0.0.5']],
  ]);
  expect(facts.statements.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Reachable', 'True', 'Answered'],
    ['NodesReady', 'False', 'SomeInactive'],
  ]);
});

test('an agent that a new master knows by its registry only is one that is silent', () => {
  const facts = mesosFacts(
    '1.11.0',
    told({ agents: [registered('one', true)], recovered_agents: [info('two')] }),
  );
  expect(facts.capacity.cpuMillis).toBe(4_000);
  expect(facts.nodes.map(({ name, verdict, capacity, labels }) => [name, verdict, capacity, labels])).toEqual(
    [
      ['one', 'alive', { cpuMillis: 4_000, memoryMib: 2_048, pods: 1_000 }, { hostname: 'box', rack: 'r1' }],
      [
        'two',
        'unknown',
        { cpuMillis: 4_000, memoryMib: 2_048, pods: 1_000 },
        { hostname: 'box', rack: 'r1' },
      ],
    ],
  );
  expect(facts.statements.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Reachable', 'True', 'Answered'],
    ['NodesReady', 'False', 'SomeInactive'],
  ]);
});

test('a master that knows no agent is no evidence of what runs', () => {
  const facts = mesosFacts('1.11.0', told({}));
  expect(facts.statements.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Reachable', 'False', 'NoAgents'],
    ['NodesReady', 'False', 'NoAgents'],
  ]);
});

const SPREAD = { placement: { maxPerNode: 3 } };

test.each([
  ['knows its agents by the registry', { recovered_agents: [info('one'), info('two')] }, SPREAD],
  ['has heard one of them', { agents: [registered('one', true)], recovered_agents: [info('two')] }, SPREAD],
  ['knows none', {}, SPREAD],
  // Of which no new one would be put there, so that what leaves has left for good.
  ['knows none, of an app that it could not be given', {}, { ...SPREAD, onChange: 'rebuildInPlace' }],
])('nothing leaves a cluster whose new master %s', (_, known, spec) => {
  const nowMs = 1_000_000;
  const cluster = { name: 'grid', site: 'berlin', kind: 'mesos' as const, labels: {}, pools: [] };
  const assignment = { cluster: 'grid', replicas: 6, state: 'present' as const, standIns: 0 };
  const estate = estateOf({
    name: 'demo',
    quota: {},
    nowMs,
    sites: [{ name: 'berlin', spec: SiteSpec.parse({ allotment: ['10.0.0.0/24'] }) }],
    clusters: [{ ...cluster, facts: mesosFacts('1.11.0', told(known)), heardAtMs: nowMs }],
    apps: [
      {
        name: 'web',
        spec: AppSpec.parse({ image: 'web:1', replicas: 6, resources: { cpuMillis: 1_000 }, ...spec }),
        placed: { assignments: [assignment] },
      },
    ],
  });
  const decision = plan(estate).decisions.get('demo/web');
  expect(decision?.assignments.map(({ cluster: name, replicas }) => [name, replicas])).toEqual([
    ['demo/grid', 6],
  ]);
});
