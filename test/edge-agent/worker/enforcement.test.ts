/** Whether an app's isolation holds is said for every network, and never guessed. */
import { expect, test } from 'vitest';
import { withEnforcement } from '../../../edge-agent/worker/enforcement.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import type { ClusterNetwork } from '../../../protocol/cluster.ts';

const TOLD = {
  app: 'web',
  instance: { cluster: 'prod', release: 1, wanted: 1, ready: 1, updated: 1, containers: [], statements: [] },
};

function network(policies: ClusterNetwork['policies']): ClusterNetwork {
  return {
    plugin: 'flannel',
    overlay: 'vxlan',
    podPrefixes: [],
    policies,
    reachability: 'by_service',
    detail: '',
  };
}

test.each([
  ['enforced', ['True', 'ByPlugin']],
  ['ignored', ['False', 'PoliciesIgnored']],
  ['unknown', ['Unknown', 'PluginUnknown']],
] as const)('where policies are %s it says so', (policies, expected) => {
  const { instance } = withEnforcement(TOLD, {
    kind: 'kubernetes',
    network: network(policies),
    workloads: [],
  });
  expect(instance.statements.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Enforced', ...expected],
  ]);
});

const UNKNOWN = { network: undefined, workloads: [] };
const CLOSED = [{ app: 'web', template: AppTemplate.parse({ image: 'web:1', access: { kind: 'listed' } }) }];

test('nothing is said while the network is not known', () => {
  expect(withEnforcement(TOLD, { ...UNKNOWN, kind: 'kubernetes', workloads: CLOSED })).toEqual(TOLD);
});

test.each(['docker', 'swarm', 'mesos', 'marathon'] as const)(
  'in %s only an app that is closed is said to be open inside',
  (kind) => {
    expect(withEnforcement(TOLD, { ...UNKNOWN, kind })).toEqual(TOLD);
    const { instance } = withEnforcement(TOLD, { ...UNKNOWN, kind, workloads: CLOSED });
    expect(instance.statements).toMatchObject([
      { type: 'Enforced', status: 'False', reason: 'OpenInside', message: expect.stringContaining(kind) },
    ]);
  },
);
