/** What a placement says of nodes, as Kubernetes' scheduler is told it. */
import { expect, test } from 'vitest';
import { DriverError } from '../../../edge-agent/clusters/driver.ts';
import { nodePlacement } from '../../../edge-agent/clusters/kubernetes-nodes.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import { nodeRulesOf, Placement } from '../../../protocol/placement.ts';

function placementOf(words: object) {
  const place = { tenant: 'acme', cluster: 'prod', app: 'web', namespace: 'acme', release: 1 };
  const template = AppTemplate.parse({ image: 'web:1' });
  return nodePlacement({ kind: 'workload', ...place, template, nodes: nodeRulesOf(Placement.parse(words)) });
}

const required = (expression: object) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [expression] }],
      },
    },
  },
});
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

test.each([
  ['node.disk == ssd', { key: 'disk', operator: 'In', values: ['ssd'] }],
  ['node.zone not in (a, b)', { key: 'zone', operator: 'NotIn', values: ['a', 'b'] }],
  ['node.gpu', { key: 'gpu', operator: 'Exists' }],
  ['!node.gpu', { key: 'gpu', operator: 'DoesNotExist' }],
  ['node.role == manager', { key: CONTROL_PLANE, operator: 'Exists' }],
  ['node.role != manager', { key: CONTROL_PLANE, operator: 'DoesNotExist' }],
  ['node.role == worker', { key: CONTROL_PLANE, operator: 'DoesNotExist' }],
  ['node.name == n1', { key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }],
])('%s', (constraint, expression) => {
  expect(placementOf({ constraints: [constraint] })).toEqual(required(expression));
});

test('what concerns clusters and sites is none of the nodes’', () => {
  expect(placementOf({ constraints: ['cloud == aliyun', 'site.region == eu'] })).toEqual({});
});

test('replicas are kept on nodes of their own, spread, and drawn to what is preferred', () => {
  const labelSelector = expect.objectContaining({ matchLabels: expect.objectContaining({}) });
  const words = {
    uniquePerNode: true,
    groupBy: 'node.rack',
    preferences: [{ constraint: 'node.disk == ssd', weight: 7 }],
  };
  expect(placementOf(words)).toEqual({
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 7, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } },
        ],
      },
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector },
        ],
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', topologyKey: 'rack', labelSelector },
    ],
  });
});

test.each([
  { constraints: ['node.zone like eu-*'] },
  { maxPerNode: 2 },
  { constraints: ['node.role == boss'] },
])('what its scheduler can not be told is refused: %j', (words) => {
  expect(() => placementOf(words)).toThrow(DriverError);
});
