/** Filters that hold whatever runs where: names, residency, constraints, isolation, pools, and whether the nodes are of the kind that is asked for. */
import { readConstraint } from '../../protocol/constraint.ts';
import { nodeRulesOf } from '../../protocol/placement.ts';
import type { Refusal } from './decision.ts';
import type { Need, PlacedApp, PlacedCluster, PlacedNode } from './estate.ts';
import { type Ground, maskOf, nodePasses } from './ground.ts';

export interface Eligibility {
  /** Numbers of clusters that pass. */
  readonly candidates: Int32Array;
  readonly isCandidate: Uint8Array;
  /** By cluster, the most replicas that its nodes could hold if they were empty. */
  readonly slots: Float64Array;
  readonly refusals: readonly Refusal[];
  readonly reasonOf: ReadonlyMap<number, Refusal>;
}

/** A reason without its clusters, and a text by which equal ones are put together. */
type Reason = Refusal extends infer Each ? (Each extends Refusal ? Omit<Each, 'clusters'> : never) : never;

const quotient = (room: number, need: number) =>
  need === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / need);

export function fitsIn(room: { cpuMillis: number; memoryMib: number; pods: number }, need: Need): number {
  return Math.min(
    quotient(room.cpuMillis, need.cpuMillis),
    quotient(room.memoryMib, need.memoryMib),
    room.pods,
  );
}

const isOfNodes = (constraint: string) => readConstraint(constraint).subject.scope === 'node';

/** -1: not known. */
function slotsOf(ground: Ground, app: PlacedApp): Float64Array {
  const { constraints, maxPerNode = Number.POSITIVE_INFINITY } = nodeRulesOf(app.placement);
  const key = JSON.stringify([constraints, maxPerNode, app.need]);
  const known = ground.slots.get(key);
  if (known !== undefined) return known;
  const room = (node: PlacedNode) =>
    constraints.every((test) => nodePasses(test, node))
      ? Math.min(maxPerNode, fitsIn(node.capacity, app.need))
      : 0;
  const isChoosy = constraints.length > 0 || maxPerNode < Number.POSITIVE_INFINITY;
  const slots = Float64Array.from(ground.clusters, ({ nodes }) => {
    if (nodes === undefined) return isChoosy ? -1 : Number.POSITIVE_INFINITY;
    return nodes.reduce((sum, node) => sum + room(node), 0);
  });
  ground.slots.set(key, slots);
  return slots;
}

/** The first filter that refuses a cluster, or nothing. */
function filterOf(
  ground: Ground,
  app: PlacedApp,
): (index: number, cluster: PlacedCluster) => Reason | undefined {
  const { placement } = app;
  const named = placement.clusters === undefined ? undefined : new Set(placement.clusters);
  const weights = placement.division.kind === 'divide' ? placement.division.weights : undefined;
  const masks = placement.constraints
    .filter((constraint) => !isOfNodes(constraint))
    .map((constraint) => ({ constraint, mask: maskOf(ground, constraint) }));
  const nodeConstraints = placement.constraints.filter(isOfNodes);
  const slots = slotsOf(ground, app);
  return (index, cluster) => {
    if (named !== undefined && !named.has(cluster.name)) return { reason: 'not_named' };
    if (weights !== undefined && (weights[cluster.name] ?? 0) === 0) return { reason: 'no_weight' };
    if (placement.residency === 'inside' && ground.isPublic[index] === 1) return { reason: 'residency' };
    const failed = masks.find(({ mask }) => mask[index] === 0);
    if (failed !== undefined) return { reason: 'constraint', constraint: failed.constraint };
    if (app.isolation === 'required' && cluster.policies !== 'enforced') return { reason: 'isolation' };
    if (app.pool !== undefined && !cluster.pools.includes(app.pool))
      return { reason: 'pool', pool: app.pool };
    const most = slots[index] ?? 0;
    if (most < 0) return { reason: 'nodes_unknown' };
    if (most === 0) return { reason: 'no_node', constraints: nodeConstraints };
    return undefined;
  };
}

function build(ground: Ground, app: PlacedApp): Eligibility {
  const filter = filterOf(ground, app);
  const refused = new Map<string, { reason: Reason; indexes: number[] }>();
  const candidates: number[] = [];
  ground.clusters.forEach((cluster, index) => {
    // What other tenants have is nobody's business.
    if (!cluster.tenants.includes(app.tenant)) return;
    const reason = filter(index, cluster);
    if (reason === undefined) {
      candidates.push(index);
      return;
    }
    const key = JSON.stringify(reason);
    const group = refused.get(key) ?? { reason, indexes: [] };
    group.indexes.push(index);
    refused.set(key, group);
  });
  const groups = [...refused.values()].map(({ reason, indexes }) => ({
    indexes,
    refusal: { ...reason, clusters: indexes.map((index) => ground.clusters[index]?.id ?? '') },
  }));
  const isCandidate = new Uint8Array(ground.clusters.length);
  for (const index of candidates) isCandidate[index] = 1;
  return {
    candidates: Int32Array.from(candidates),
    isCandidate,
    slots: slotsOf(ground, app),
    refusals: groups.map(({ refusal }) => refusal),
    reasonOf: new Map(groups.flatMap(({ indexes, refusal }) => indexes.map((index) => [index, refusal]))),
  };
}

/** Apps that ask for the same have the same eligibility. */
export function eligibilityOf(ground: Ground, app: PlacedApp): Eligibility {
  const known = ground.byApp.get(app);
  if (known !== undefined) return known;
  const { placement, tenant, need, isolation, pool } = app;
  const { clusters, residency, constraints, uniquePerNode, maxPerNode, division } = placement;
  const asked = [clusters, residency, constraints, uniquePerNode, maxPerNode, division];
  const key = JSON.stringify([tenant, need, isolation, pool, ...asked]);
  const found = ground.eligibilities.get(key) ?? build(ground, app);
  ground.eligibilities.set(key, found);
  ground.byApp.set(app, found);
  return found;
}
