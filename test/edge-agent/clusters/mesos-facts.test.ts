/** What is read out of the answers of a Mesos master. */
import { expect, test } from 'vitest';
import { mesosFacts } from '../../../edge-agent/clusters/mesos-facts.ts';
import { Agents } from '../../../edge-agent/mesos/wire.ts';

const told = Agents.parse({
  get_agents: {
    agents: ['one', 'two'].map((id) => ({
      agent_info: {
        id: { value: id },
        hostname: 'box',
        attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
      },
      active: id === 'one',
      version: '1.11.0',
      pid: 'slave(1)@10.0.0.5:5051',
      total_resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 2_048 } },
      ],
    })),
  },
}).get_agents.agents;

test('an agent is a node by its id, with its attributes as labels; one that is not heard of adds no capacity', () => {
  const facts = mesosFacts('1.11.0', told);
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
