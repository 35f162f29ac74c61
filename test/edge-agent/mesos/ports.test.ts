/** Ports that an agent gave a task: in the order of the app's ports, after a restart too. */
import { expect, test } from 'vitest';
import { mesosInstance } from '../../../edge-agent/clusters/mesos-status.ts';
import { recordOf } from '../../../edge-agent/mesos/tasks.ts';
import { Task } from '../../../edge-agent/mesos/wire.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';
import { appOf, taskOf } from './arbitraries.ts';

const TASK = {
  name: 'web.acme',
  task_id: { value: 't1' },
  framework_id: { value: 'f1' },
  agent_id: { value: 'a1' },
  state: 'TASK_RUNNING',
  labels: {
    labels: [
      { key: 'isthmus.dev/app', value: 'web' },
      { key: 'isthmus.dev/namespace', value: 'acme' },
    ],
  },
  resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } },
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_001, end: 31_002 }] } },
  ],
};

test('a task that the master tells of has the ports of its mappings, else those of its resources', () => {
  expect(recordOf(Task.parse(TASK), 0)?.ports).toEqual([31_001, 31_002]);
  const mapped = { docker: { port_mappings: [{ host_port: 31_002 }, { host_port: 31_001 }] } };
  expect(recordOf(Task.parse({ ...TASK, container: mapped }), 0)?.ports).toEqual([31_002, 31_001]);
});

test('a container is published at its agent, by the names of the ports', () => {
  const template = AppTemplate.parse({
    image: 'web:1',
    ports: [
      { name: 'http', port: 80 },
      { name: 'admin', port: 81 },
    ],
  });
  const workload: WorkloadLeaf = {
    ...{ kind: 'workload', tenant: 'acme', cluster: 'grid', app: 'web', namespace: 'acme', release: 1 },
    template,
  };
  const published = (agent: string) =>
    mesosInstance({
      workload,
      view: {
        app: appOf(),
        tasks: [taskOf({ agent, ports: [31_001, 31_002] })],
        ended: undefined,
        failures: undefined,
        refusals: undefined,
      },
      hostnames: new Map(),
      addresses: new Map([['a1', '10.0.0.5']]),
      lastLines: [],
    }).containers[0]?.published;
  expect(published('a1')).toEqual([
    { name: 'http', address: '10.0.0.5', port: 31_001 },
    { name: 'admin', address: '10.0.0.5', port: 31_002 },
  ]);
  expect(published('a9')).toBeUndefined();
});
