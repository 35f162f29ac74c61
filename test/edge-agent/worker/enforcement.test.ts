/** Whether an app's isolation holds is said for every network, and never guessed. */
import { expect, test } from 'vitest';
import { withEnforcement } from '../../../edge-agent/worker/enforcement.ts';
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
  const { instance } = withEnforcement(TOLD, network(policies));
  expect(instance.statements.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Enforced', ...expected],
  ]);
});

test('nothing is said while the network is not known', () => {
  expect(withEnforcement(TOLD, undefined)).toEqual(TOLD);
});
