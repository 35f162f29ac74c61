/** Where in its cluster an app may run: what is left of its placement once the cluster is chosen. Each orchestrator has its own words for it; a driver translates. */
import { z } from 'zod';

const RULES_MAX = 64;
const LABEL_MAX = 317;

const NodeLabel = z.string().min(1).max(LABEL_MAX);

/** A label of a node has (`in`) or has not (`not_in`) one of these values; a node without the label has none of them. */
export const NodeRule = z
  .strictObject({
    label: NodeLabel,
    operator: z.enum(['in', 'not_in']),
    values: z.array(z.string().max(253)).min(1).max(RULES_MAX),
  })
  .meta({ id: 'NodeRule' });
export type NodeRule = z.infer<typeof NodeRule>;

export const NodeRules = z
  .strictObject({
    rules: z.array(NodeRule).max(RULES_MAX).default([]).meta({ description: 'All of them hold' }),
    spreadBy: NodeLabel.optional().meta({
      description: 'Replicas are spread evenly over the values of this label',
    }),
    perNodeMax: z.int().min(1).max(1_000).optional().meta({ description: '1: unique per node' }),
  })
  .meta({ id: 'NodeRules' });
export type NodeRules = z.infer<typeof NodeRules>;

/** Whether a node with these labels is one of those that the rules leave. */
export function allowsNode({ rules }: NodeRules, labels: Readonly<Record<string, string>>): boolean {
  return rules.every(({ label, operator, values }) => {
    const value = labels[label];
    const isOneOf = value !== undefined && values.includes(value);
    return operator === 'in' ? isOneOf : !isOneOf;
  });
}
