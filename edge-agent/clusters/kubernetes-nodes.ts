/** Where on the nodes of a Kubernetes cluster the pods of an app may go. Throws `driver.unsupported` for what its scheduler can't be told. Values in, values out. */

import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { LabelSubject, LabelTest } from '../../protocol/constraint.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import { DriverError } from './driver.ts';
import { selectorOf } from './kubernetes-marks.ts';

type Json = Readonly<Record<string, unknown>>;

const HOSTNAME = 'kubernetes.io/hostname';
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/** What a pod's spec says of it: nothing where any node will do. */
export function nodePlacement(workload: WorkloadLeaf): Json {
  const { nodes } = workload;
  if (nodes === undefined) return {};
  const nodeAffinity = nodeAffinityOf(nodes);
  const labelSelector = { matchLabels: selectorOf(workload) };
  const affinity = {
    ...(nodeAffinity === undefined ? {} : { nodeAffinity }),
    ...(isUnique(nodes)
      ? {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOSTNAME, labelSelector }],
          },
        }
      : {}),
  };
  const { groupBy } = nodes;
  const spread = { maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', labelSelector };
  return {
    ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
    ...(groupBy === undefined
      ? {}
      : { topologySpreadConstraints: [{ ...spread, topologyKey: labelOf(groupBy) }] }),
  };
}

function isUnique({ maxPerNode }: NodeRules): boolean {
  if (maxPerNode === undefined || maxPerNode === 1) return maxPerNode === 1;
  throw new DriverError(
    'driver.unsupported',
    'Kubernetes can keep replicas on nodes of their own, and can not count to more than one on each: use uniquePerNode, or groupBy.',
  );
}

function nodeAffinityOf({ constraints, preferences }: NodeRules): Json | undefined {
  if (constraints.length === 0 && preferences.length === 0) return undefined;
  const required = { nodeSelectorTerms: [{ matchExpressions: constraints.map(expressionOf) }] };
  const preferred = preferences.map(({ test, weight }) => ({
    weight,
    preference: { matchExpressions: [expressionOf(test)] },
  }));
  return {
    ...(constraints.length === 0 ? {} : { requiredDuringSchedulingIgnoredDuringExecution: required }),
    ...(preferred.length === 0 ? {} : { preferredDuringSchedulingIgnoredDuringExecution: preferred }),
  };
}

function expressionOf(test: LabelTest): Json {
  const { subject, operator, values } = test;
  if (subject.kind === 'attribute' && subject.key === 'role') return roleExpression(test);
  const key = labelOf(subject);
  switch (operator) {
    case 'in':
      return { key, operator: 'In', values };
    case 'not_in':
      return { key, operator: 'NotIn', values };
    case 'exists':
      return { key, operator: 'Exists' };
    case 'absent':
      return { key, operator: 'DoesNotExist' };
    case 'like':
    case 'not_like':
      throw new DriverError(
        'driver.unsupported',
        `Kubernetes compares labels of nodes as a whole, and can not match ${key} by a pattern: name the values with in.`,
      );
  }
}

/** A node is a manager by having a label, whatever its value. */
function roleExpression({ operator, values }: LabelTest): Json {
  const [value, ...others] = values;
  const isEquality = operator === 'in' || operator === 'not_in';
  if (!isEquality || others.length > 0 || (value !== 'manager' && value !== 'worker'))
    throw new DriverError('driver.unsupported', 'The role of a node is compared with manager or worker.');
  const isManager = (operator === 'in') === (value === 'manager');
  return { key: CONTROL_PLANE, operator: isManager ? 'Exists' : 'DoesNotExist' };
}

function labelOf({ kind, key }: LabelSubject): string {
  return kind === 'attribute' && key === 'name' ? HOSTNAME : key;
}
