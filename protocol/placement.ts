/**
 * Where an app may run, as its manifest says it. Isthmus chooses clusters and how many replicas each has; where on its nodes a cluster puts them is the cluster's
 * affair, and `NodeRules` is what it is told about that.
 */
import { z } from 'zod';
import { Constraint, LabelTest, readConstraint } from './constraint.ts';
import { Name } from './metadata.ts';

const LIST_MAX = 64;
const WEIGHT_MAX = 1_000;
const PER_NODE_MAX = 1_000;

/** What `spread` and `groupBy` count by. A constraint's left side: `site`, `cluster`, `site.region`, `node.rack`. */
const Topic = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => readTopic(text) !== undefined, {
    error: 'Give site, cluster or the name of a label, such as site.region.',
  });

/** The label that a topic counts by; `site` and `cluster` alone are their names. */
export function readTopic(text: string): LabelTest['subject'] | undefined {
  if (text === 'site' || text === 'cluster') return { scope: text, kind: 'attribute', key: 'name' };
  try {
    const { subject, operator } = readConstraint(text);
    return operator === 'exists' ? subject : undefined;
  } catch {
    return undefined;
  }
}

export const Division = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('divide'),
      by: z.enum(['free', 'evenly', 'weights']).default('free').meta({
        description:
          'free: in proportion to how many more would fit, times how good a place it is. evenly: as equal as can be. weights: in proportion to these.',
      }),
      weights: z
        .record(Name, z.int().min(0).max(WEIGHT_MAX))
        .optional()
        .meta({ description: 'By cluster, for by: weights; a cluster that is not named has none' }),
    }),
    z.strictObject({ kind: z.literal('each') }),
  ])
  .refine(
    (division) =>
      division.kind === 'each' || (division.by === 'weights') === (division.weights !== undefined),
    {
      error: 'Give weights with by: weights, and only then.',
      path: ['weights'],
    },
  )
  .meta({
    id: 'Division',
    description:
      'divide: the replicas of the app are divided over the clusters. each: every cluster that it may use runs all of them.',
  });
export type Division = z.infer<typeof Division>;

export const Preference = z
  .strictObject({ constraint: Constraint, weight: z.int().min(1).max(100).default(50) })
  .meta({ id: 'Preference' });
export type Preference = z.infer<typeof Preference>;

export const Spread = z
  .strictObject({
    by: Topic.meta({ examples: ['site'] }),
    maxSkew: z.int().min(1).max(1_000).optional().meta({
      description:
        'A replica is added nowhere where it would make this place exceed the emptiest by more than this; without it, as even as room allows',
    }),
  })
  .meta({ id: 'Spread' });
export type Spread = z.infer<typeof Spread>;

export const Burst = z
  .strictObject({
    holdSeconds: z.int().min(0).max(86_400).default(600).meta({
      description: 'Private room must have been there this long before replicas return to it',
    }),
    marginPercent: z.int().min(0).max(90).default(10).meta({
      description: 'Of a private cluster, that stays free after a return',
    }),
  })
  .meta({ id: 'Burst' });
export type Burst = z.infer<typeof Burst>;

export const Placement = z
  .strictObject({
    clusters: z
      .array(Name)
      .min(1)
      .max(LIST_MAX)
      .optional()
      .meta({ description: 'Only these clusters of the tenant; all of them if absent' }),
    division: Division.default({ kind: 'divide', by: 'free' }),
    constraints: z
      .array(Constraint)
      .max(LIST_MAX)
      .default([])
      .meta({ description: 'All of them hold, always' }),
    preferences: z.array(Preference).max(LIST_MAX).default([]).meta({
      description: 'Clusters, and nodes in them, are better by this weight where the constraint holds',
    }),
    spread: z
      .array(Spread)
      .max(4)
      .default([])
      .meta({ description: 'Keep the replicas apart; the first counts most' }),
    uniquePerNode: z.boolean().default(false).meta({ description: 'At most one replica a node' }),
    maxPerNode: z.int().min(1).max(PER_NODE_MAX).optional(),
    groupBy: Topic.optional().meta({
      description: 'Inside a cluster, as even as can be over the values of this label of its nodes',
      examples: ['node.rack'],
    }),
    residency: z.enum(['inside', 'anywhere']).default('anywhere').meta({
      description: 'inside: sites of your own alone, never the public cloud',
    }),
    priority: z.int().min(0).max(100).default(50).meta({
      description: 'Where room is short, an app with a higher one takes the place of a lower one',
    }),
    latencyTo: z
      .array(Name)
      .max(16)
      .default([])
      .meta({ description: 'Apps that it calls: it is placed near to them' }),
    burst: Burst.optional().meta({
      description: 'Private sites first; the public cloud while they have no room, and back again',
    }),
  })
  .refine(({ burst, residency }) => burst === undefined || residency === 'anywhere', {
    error: 'An app that stays inside does not burst; drop one of residency and burst.',
    path: ['burst'],
  })
  .refine(({ burst, division }) => burst === undefined || division.kind === 'divide', {
    error: 'Only replicas that are divided burst; with division each every cluster has all of them.',
    path: ['burst'],
  })
  .refine(({ spread, division }) => spread.length === 0 || division.kind === 'divide', {
    error: 'Only replicas that are divided are spread; with division each every cluster has all of them.',
    path: ['spread'],
  })
  .refine(({ spread }) => spread.every(({ by }) => readTopic(by)?.scope !== 'node'), {
    error: 'Spread by site, cluster or their labels; over nodes, use groupBy.',
    path: ['spread'],
  })
  .refine(({ groupBy }) => groupBy === undefined || readTopic(groupBy)?.scope === 'node', {
    error: 'Group by a label of nodes, such as node.rack.',
    path: ['groupBy'],
  })
  .refine(({ uniquePerNode, maxPerNode }) => !uniquePerNode || maxPerNode === undefined, {
    error: 'Give one of uniquePerNode and maxPerNode.',
    path: ['maxPerNode'],
  })
  .meta({ id: 'Placement' });
export type Placement = z.infer<typeof Placement>;

/** What a cluster's driver is told of where on its nodes replicas go; subjects are all of scope `node`. */
export const NodeRules = z
  .strictObject({
    constraints: z.array(LabelTest).max(LIST_MAX),
    preferences: z.array(z.strictObject({ test: LabelTest, weight: z.int().min(1).max(100) })).max(LIST_MAX),
    maxPerNode: z.int().min(1).max(PER_NODE_MAX).optional(),
    groupBy: LabelTest.shape.subject.optional(),
  })
  .meta({ id: 'NodeRules' });
export type NodeRules = z.infer<typeof NodeRules>;

const isOfNodes = (test: LabelTest) => test.subject.scope === 'node';

/** The part of a placement that is the cluster's to keep. */
export function nodeRulesOf(placement: Placement): NodeRules {
  const maxPerNode = placement.uniquePerNode ? 1 : placement.maxPerNode;
  const groupBy = placement.groupBy === undefined ? undefined : readTopic(placement.groupBy);
  return {
    constraints: placement.constraints.map(readConstraint).filter(isOfNodes),
    preferences: placement.preferences
      .map(({ constraint, weight }) => ({ test: readConstraint(constraint), weight }))
      .filter(({ test }) => isOfNodes(test)),
    ...(maxPerNode === undefined ? {} : { maxPerNode }),
    ...(groupBy === undefined ? {} : { groupBy }),
  };
}
