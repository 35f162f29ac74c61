/** Random small estates, and stories of what may happen to them. */
import fc from 'fast-check';
import type { Decision } from '../../../functions/placement/decision.ts';
import type { Estate } from '../../../functions/placement/estate.ts';
import { type Change, type Plan, plan, replan } from '../../../functions/placement/plan.ts';
import { app, cluster, estate, NOW_MS, node, site } from './estates.ts';

export const CLUSTERS = ['a1', 'a2', 'b1', 'c1'] as const;
export const APPS = ['db', 'job', 'shop', 'web'] as const;
const SITES = [
  site('a', { labels: { region: 'eu' } }),
  site('b', { labels: { region: 'us' }, costPerCpu: 2 }),
  site('c', { location: 'public', costPerCpu: 9 }),
];

const oneOf = <const Value>(...values: readonly Value[]) => fc.constantFrom(...values);

const anyNode = fc
  .record({ zone: oneOf('x', 'y'), role: oneOf('manager', 'worker'), cpus: oneOf(1, 2, 4) })
  .map(({ zone, role, cpus }) => node(`n${cpus}`, { role, labels: { zone }, cpus }));

export const anyCluster = (id: string) =>
  fc
    .record({
      cpus: fc.integer({ min: 0, max: 6 }),
      used: fc.integer({ min: 0, max: 2 }),
      disk: oneOf('ssd', 'hdd'),
      nodes: fc.option(fc.array(anyNode, { minLength: 1, maxLength: 3 })),
      verdict: oneOf('alive', 'alive', 'alive', 'cut_off', 'dead', 'unknown'),
      silentMs: oneOf(0, 400_000),
      tenants: oneOf(['acme'], ['acme', 'beta']),
      policies: oneOf('enforced', 'ignored'),
      isThere: oneOf(true, true, false),
    })
    .map(({ cpus, used, disk, nodes, verdict, silentMs, tenants, policies, isThere }) =>
      cluster(id, {
        cpus,
        site: id.slice(0, 1),
        labels: { disk },
        used: { cpuMillis: used * 500, memoryMib: 0, pods: 0 },
        health: { verdict, evidence: 'seen so', heardAtMs: NOW_MS - silentMs },
        ...(nodes === null ? {} : { nodes }),
        tenants,
        policies,
        images: isThere ? ['web:1'] : [],
      }),
    );

const CONSTRAINTS = [
  'disk == ssd',
  'site.region != us',
  'node.zone == x',
  'node.role == manager',
  'cluster.name like a*',
];

const anyPlacement = fc.record(
  {
    constraints: fc.subarray(CONSTRAINTS, { maxLength: 2 }),
    clusters: fc.subarray([...CLUSTERS], { minLength: 1 }),
    priority: oneOf(10, 50, 90),
    residency: oneOf('inside', 'anywhere'),
    uniquePerNode: fc.boolean(),
    preferences: fc.constant([{ constraint: 'disk == ssd' }]),
    latencyTo: fc.subarray([...APPS], { maxLength: 2 }),
  },
  { requiredKeys: ['priority'] },
);

const anyDivision = oneOf<object>(
  {},
  {},
  { division: { kind: 'each' } },
  { division: { kind: 'divide', by: 'evenly' } },
  { division: { kind: 'divide', by: 'weights', weights: { a1: 2, b1: 1, c1: 1 } } },
  { spread: [{ by: 'site' }] },
  { spread: [{ by: 'site', maxSkew: 1 }] },
  { burst: { holdSeconds: 60 }, residency: 'anywhere' },
);

export const anyApp = (name: string) =>
  fc
    .record({
      replicas: fc.integer({ min: 0, max: 4 }),
      cpuMillis: oneOf(500, 1_000, 1_500),
      tenant: oneOf('acme', 'acme', 'beta'),
      isolation: oneOf('any', 'any', 'required'),
      placement: anyPlacement,
      division: anyDivision,
      replace: fc.boolean(),
      reconcile: oneOf('keep_oldest', 'keep_newest'),
    })
    .map(({ replicas, cpuMillis, tenant, isolation, placement, division, replace, reconcile }) =>
      app(name, {
        id: `acme/${name}`,
        replicas,
        tenant,
        isolation,
        need: { cpuMillis, memoryMib: 1 },
        placement: { ...placement, ...division },
        disconnect: { replace, reconcile },
      }),
    );

const anyQuotas = fc
  .record({
    acme: fc.option(fc.integer({ min: 0, max: 8 })),
    beta: fc.option(fc.integer({ min: 0, max: 8 })),
  })
  .map(({ acme, beta }) => [
    { name: 'acme', quota: acme === null ? {} : { replicas: acme } },
    { name: 'beta', quota: beta === null ? {} : { cpuMillis: beta * 1_000 } },
  ]);

const LATENCIES = [
  { between: ['a', 'b'] as const, ms: 5 },
  { between: ['c', 'b'] as const, ms: 40 },
];

export const anyEstate = fc
  .record({
    clusters: fc.tuple(...CLUSTERS.map(anyCluster)),
    apps: fc.tuple(...APPS.map(anyApp)),
    tenants: anyQuotas,
  })
  .map((parts) => estate({ ...parts, sites: SITES, latencies: LATENCIES }));

const anyChange: fc.Arbitrary<Change> = fc
  .record(
    {
      afterMs: oneOf(0, 30_000, 70_000, 400_000),
      clusters: oneOf(...CLUSTERS)
        .chain((id) => anyCluster(id))
        .map((one) => [one]),
      apps: oneOf(...APPS)
        .chain((name) => anyApp(name))
        .map((one) => [one]),
      rewordedApps: oneOf(...APPS)
        .chain((name) => anyApp(name))
        .map((one) => [{ ...one, isReworded: true as const }]),
      tenants: anyQuotas,
      goneApps: oneOf(...APPS).map((name) => [`acme/${name}`]),
      goneClusters: oneOf(...CLUSTERS).map((id) => [id]),
    },
    { requiredKeys: ['afterMs'] },
  )
  .map(({ afterMs, rewordedApps, ...change }) => ({
    ...change,
    ...(rewordedApps === undefined ? {} : { apps: rewordedApps }),
    nowMs: NOW_MS + afterMs,
  }));

export const anyStory = fc.tuple(anyEstate, fc.array(anyChange, { maxLength: 4 }));

/** Calls with every step of a story: the plan before, if there is one, and the plan after. */
export function tell(
  [start, changes]: [Estate, Change[]],
  visit: (after: Plan, before: Plan | undefined) => void,
): Plan {
  let now = plan(start);
  visit(now, undefined);
  let nowMs = NOW_MS;
  for (const change of changes) {
    nowMs += change.nowMs - NOW_MS;
    const before = now;
    now = replan(now, { ...change, nowMs });
    visit(now, before);
  }
  return now;
}

export const NONE: ReadonlyMap<string, Decision> = new Map();
export const facts = (decisions: ReadonlyMap<string, Decision>) =>
  [...decisions.values()]
    .map(({ app: id, assignments, unplaced, wanted }) => ({ id, assignments, unplaced, wanted }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
