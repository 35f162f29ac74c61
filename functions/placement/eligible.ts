/** Filters that hold whatever runs where: names, residency, constraints, isolation, pools, and whether the nodes are of the kind that is asked for. */
import { nodeRulesOf } from '../../protocol/placement.ts';
import type { Refusal } from './decision.ts';
import type { Need, PlacedApp, PlacedCluster, PlacedNode } from './estate.ts';
import { clustersOf, type Ground, isOfNodes, maskOf, nodePasses, remember } from './ground.ts';

export interface Eligibility {
  /** Numbers of clusters that pass. */
  readonly candidates: Int32Array;
  readonly isCandidate: Uint8Array;
  /** By cluster, the most replicas that its nodes could hold if they were empty. */
  readonly slots: Float64Array;
  readonly refusals: readonly Refusal[];
  /** How many clusters the tenant has. */
  readonly known: number;
}

const quotient = (room: number, need: number) =>
  need === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / need);

/** How many replicas a room holds. */
export function fitsIn(room: { cpuMillis: number; memoryMib: number; pods: number }, need: Need): number {
  return Math.min(
    quotient(room.cpuMillis, need.cpuMillis),
    quotient(room.memoryMib, need.memoryMib),
    room.pods,
  );
}

/** -1: its nodes are not known, and the app is choosy about them. */
function slotsOf(ground: Ground, app: PlacedApp): Float64Array {
  const { constraints, maxPerNode = Number.POSITIVE_INFINITY } = nodeRulesOf(app.placement);
  const room = (node: PlacedNode) =>
    constraints.every((test) => nodePasses(test, node))
      ? Math.min(maxPerNode, fitsIn(node.capacity, app.need))
      : 0;
  const isChoosy = constraints.length > 0 || maxPerNode < Number.POSITIVE_INFINITY;
  return Float64Array.from(ground.clusters, ({ nodes, poolSizes }) => {
    const addresses = poolSizes?.[app.pool ?? ''] ?? Number.POSITIVE_INFINITY;
    if (nodes === undefined) return isChoosy ? -1 : addresses;
    return Math.min(
      addresses,
      nodes.reduce((sum, node) => sum + room(node), 0),
    );
  });
}

interface Filter {
  readonly refuses: (index: number, cluster: PlacedCluster) => boolean;
  readonly refusal: (clusters: readonly string[]) => Refusal;
}

/** In the order in which they are asked. */
function filtersOf(ground: Ground, { placement, isolation, pool, lacks = {} }: PlacedApp): Filter[] {
  const named = new Set(placement.clusters ?? []);
  const weights = placement.division.kind === 'divide' ? placement.division.weights : undefined;
  const filter = (refuses: Filter['refuses'], refusal: Filter['refusal']): Filter => ({ refuses, refusal });
  const constraintFilter = (constraint: string) => {
    const mask = maskOf(ground, constraint);
    return filter(
      (index) => mask[index] === 0,
      (clusters) => ({ reason: 'constraint', constraint, clusters }),
    );
  };
  const isPublic = (index: number) => ground.isPublic[index] === 1;
  return [
    ...(placement.clusters === undefined
      ? []
      : [
          filter(
            (_, { name }) => !named.has(name),
            (clusters) => ({ reason: 'not_named', clusters }),
          ),
        ]),
    ...(weights === undefined
      ? []
      : [
          filter(
            (_, { name }) => (weights[name] ?? 0) === 0,
            (clusters) => ({ reason: 'no_weight', clusters }),
          ),
        ]),
    ...(placement.residency === 'anywhere'
      ? []
      : [filter(isPublic, (clusters) => ({ reason: 'residency', clusters }))]),
    ...placement.constraints.filter((text) => !isOfNodes(ground, text)).map(constraintFilter),
    ...(isolation === 'any'
      ? []
      : [
          filter(
            (_, { policies }) => policies !== 'enforced',
            (clusters) => ({ reason: 'isolation', clusters }),
          ),
        ]),
    ...Object.entries(lacks).map(([lacking, lack]) =>
      filter(
        (_, { kind }) => kind === lacking,
        (clusters) => ({ reason: 'unsupported', lack, clusters }),
      ),
    ),
    ...(pool === undefined
      ? []
      : [
          filter(
            (_, { pools }) => !pools.includes(pool),
            (clusters) => ({ reason: 'pool', pool, clusters }),
          ),
        ]),
  ];
}

/** Parts the numbers by the first test that takes them; those that none takes come last. */
function part(numbers: Iterable<number>, tests: readonly ((index: number) => boolean)[]): number[][] {
  const parts: number[][] = [...tests, undefined].map(() => []);
  for (const index of numbers) {
    const at = tests.findIndex((test) => test(index));
    parts[at < 0 ? tests.length : at]?.push(index);
  }
  return parts;
}

const idsOf = (ground: Ground, numbers: readonly number[]) =>
  numbers.map((index) => ground.clusters[index]?.id ?? '');

function eligibility(
  ground: Ground,
  candidates: readonly number[],
  rest: Omit<Eligibility, 'candidates' | 'isCandidate'>,
): Eligibility {
  const isCandidate = new Uint8Array(ground.clusters.length);
  for (const index of candidates) isCandidate[index] = 1;
  return { candidates: Int32Array.from(candidates), isCandidate, ...rest };
}

/** What passes the filters; other tenants' clusters are nobody's business and not even refused. */
function filtered(ground: Ground, app: PlacedApp): Eligibility {
  const filters = filtersOf(ground, app);
  const own = clustersOf(ground, app.tenant).clusters;
  const tests = filters.map(({ refuses }) => (index: number) => {
    const cluster = ground.clusters[index];
    return cluster === undefined || refuses(index, cluster);
  });
  const parts = part(own, tests);
  return eligibility(ground, parts.at(-1) ?? [], {
    slots: new Float64Array(),
    refusals: filters.flatMap(({ refusal }, at) => {
      const numbers = parts[at] ?? [];
      return numbers.length === 0 ? [] : [refusal(idsOf(ground, numbers))];
    }),
    known: own.length,
  });
}

/** Those of them that have nodes for the app. */
function withNodes(
  ground: Ground,
  app: PlacedApp,
  at: { base: Eligibility; slots: Float64Array },
): Eligibility {
  const { base, slots } = at;
  const [unknown = [], without = [], rest = []] = part(base.candidates, [
    (index) => (slots[index] ?? 0) < 0,
    (index) => slots[index] === 0,
  ]);
  if (rest.length === base.candidates.length) return { ...base, slots };
  const constraints = app.placement.constraints.filter((text) => isOfNodes(ground, text));
  const more: Refusal[] = [
    ...(unknown.length === 0 ? [] : [{ reason: 'nodes_unknown' as const, clusters: idsOf(ground, unknown) }]),
    ...(without.length === 0
      ? []
      : [{ reason: 'no_node' as const, constraints, clusters: idsOf(ground, without) }]),
  ];
  return eligibility(ground, rest, { slots, refusals: [...base.refusals, ...more], known: base.known });
}

/** Apps that ask for the same have the same eligibility. Keys are texts by hand: a plan makes ten thousand of them. */
export function eligibilityOf(ground: Ground, app: PlacedApp): Eligibility {
  const known = ground.byApp.get(app);
  if (known !== undefined) return known;
  const { placement, need } = app;
  const texts = placement.constraints.join('\n');
  const weights = placement.division.kind === 'divide' ? placement.division.weights : undefined;
  const names = placement.clusters === undefined ? '*' : placement.clusters.join(',');
  const weighed = weights === undefined ? '' : JSON.stringify(weights);
  const { group } = clustersOf(ground, app.tenant);
  const lacks = app.lacks === undefined ? '' : JSON.stringify(app.lacks);
  const filterKey = `${group}|${app.isolation}|${lacks}|${app.pool}|${placement.residency}|${names}|${weighed}|${texts}`;
  const limit = placement.uniquePerNode ? 1 : (placement.maxPerNode ?? '');
  const nodeTexts = placement.constraints.filter((text) => isOfNodes(ground, text)).join('\n');
  const slotsKey = `${need.cpuMillis}|${need.memoryMib}|${limit}|${app.pool ?? ''}|${nodeTexts}`;
  const found = remember(ground.eligibilities, `${slotsKey}\n\n${filterKey}`, () => {
    const base = remember(ground.eligibilities, filterKey, () => filtered(ground, app));
    const slots = remember(ground.slots, slotsKey, () => slotsOf(ground, app));
    return withNodes(ground, app, { base, slots });
  });
  ground.byApp.set(app, found);
  return found;
}

/** Why a cluster is not among the candidates; nothing if the tenant does not have it. */
export function refusalOf({ refusals }: Eligibility, cluster: string): Refusal | undefined {
  return refusals.find(({ clusters }) => clusters.includes(cluster));
}
