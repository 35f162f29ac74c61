/** Which nodes a placement leaves, by what a node says of itself. For drivers that choose nodes themselves. Values in, values out. */
import { type LabelSubject, passes } from '../../protocol/constraint.ts';
import type { NodeRules } from '../../protocol/placement.ts';

export interface RuledNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Where nothing else is said, every node works. */
const ROLE_LABEL = 'node.role';
const ROLE = 'worker';

/** Undefined: the node has no such label. */
export function valueOn({ kind, key }: LabelSubject, { name, labels }: RuledNode): string | undefined {
  if (kind === 'label') return labels[key];
  return key === 'name' ? name : (labels[ROLE_LABEL] ?? ROLE);
}

export function allowsNode({ constraints }: Pick<NodeRules, 'constraints'>, node: RuledNode): boolean {
  return constraints.every((test) => passes(test, valueOn(test.subject, node)));
}

/** More is better. */
export function preferenceOf({ preferences }: Pick<NodeRules, 'preferences'>, node: RuledNode): number {
  return preferences
    .filter(({ test }) => passes(test, valueOn(test.subject, node)))
    .reduce((sum, { weight }) => sum + weight, 0);
}
