/** Where on its agents Marathon may put an app: rules of nodes in Marathon's own words. What is preferred is left out: nothing there takes it. Values in, values out. */
import type { LabelSubject, LabelTest } from '../../protocol/constraint.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import { unsupported } from './marathon-supported.ts';

export type MarathonConstraint = string[];

/** `groups`: how many values the agents have for an attribute. Without the number Marathon would take a second group only once it happens to be offered one. */
export function constraintsOf(
  rules: NodeRules | undefined,
  groups: (field: string) => number | undefined,
): MarathonConstraint[] {
  if (rules === undefined) return [];
  const { constraints, maxPerNode, groupBy } = rules;
  return [
    ...constraints.map(constraintOf),
    ...(maxPerNode === undefined ? [] : [perNode(maxPerNode)]),
    ...(groupBy === undefined ? [] : [groupedBy(fieldOf(groupBy), groups)]),
  ];
}

function perNode(count: number): MarathonConstraint {
  return count === 1 ? ['hostname', 'UNIQUE'] : ['hostname', 'MAX_PER', `${count}`];
}

function groupedBy(field: string, groups: (field: string) => number | undefined): MarathonConstraint {
  const count = groups(field);
  if (count === undefined || count === 0)
    throw unsupported(
      `Marathon spreads over ${field} only if it is told how many values there are: let this edge reach the masters of Mesos (--master), and give agents that attribute.`,
    );
  return [field, 'GROUP_BY', `${count}`];
}

export function fieldOf({ kind, key }: LabelSubject): string {
  if (kind === 'attribute' && key === 'role')
    throw unsupported('Agents of Mesos have no role of manager or worker: name one of their attributes.');
  return kind === 'attribute' ? 'hostname' : key;
}

function constraintOf({ subject, operator, values }: LabelTest): MarathonConstraint {
  const field = fieldOf(subject);
  const [only, ...others] = values;
  switch (operator) {
    case 'in':
      return only !== undefined && others.length === 0
        ? [field, 'CLUSTER', only]
        : [field, 'LIKE', values.map(escaped).join('|')];
    case 'not_in':
      return [field, 'UNLIKE', values.map(escaped).join('|')];
    case 'like':
      return [field, 'LIKE', values.map(globbed).join('|')];
    case 'not_like':
      return [field, 'UNLIKE', values.map(globbed).join('|')];
    case 'exists':
      return [field, 'LIKE', '.*'];
    case 'absent':
      return [field, 'UNLIKE', '.*'];
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function globbed(text: string): string {
  return escaped(text).replaceAll('\\*', '.*').replaceAll('\\?', '.');
}
