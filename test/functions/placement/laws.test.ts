/** Laws of the scheduler over random small estates and whatever may happen to them, judged by the oracle. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../functions/placement/decision.ts';
import type { Estate, PlacedApp, PlacedCluster } from '../../../functions/placement/estate.ts';
import {
  type Change,
  changed,
  movesBetween,
  type Plan,
  placedOf,
  plan,
  replan,
} from '../../../functions/placement/plan.ts';
import { app, cluster, estate, NOW_MS, node, site } from './estates.ts';
import { bestFor, countIn, limitIn, neglectOf, wrongsOf } from './oracle.ts';

const RUNS = { numRuns: 100 };
const CLUSTERS = ['a1', 'a2', 'b1', 'c1'] as const;
const APPS = ['db', 'job', 'shop', 'web'] as const;
const SITES = [
  site('a', { labels: { region: 'eu' } }),
  site('b', { labels: { region: 'us' }, costPerCpu: 2 }),
  site('c', { location: 'public', costPerCpu: 9 }),
];

const oneOf = <const Value>(...values: readonly Value[]) => fc.constantFrom(...values);

const anyNode = fc
  .record({ zone: oneOf('x', 'y'), role: oneOf('manager', 'worker'), cpus: oneOf(1, 2, 4) })
  .map(({ zone, role, cpus }) => node(`n${cpus}`, { role, labels: { zone }, cpus }));

const anyCluster = (id: string) =>
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

const anyApp = (name: string) =>
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

const anyEstate = fc
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

const anyStory = fc.tuple(anyEstate, fc.array(anyChange, { maxLength: 4 }));

/** Calls with every step of a story: the plan before, if there is one, and the plan after. */
function tell(
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

const NONE: ReadonlyMap<string, Decision> = new Map();
const facts = (decisions: ReadonlyMap<string, Decision>) =>
  [...decisions.values()]
    .map(({ app: id, assignments, unplaced, wanted }) => ({ id, assignments, unplaced, wanted }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

describe('whatever happens', () => {
  test('no constraint is broken, no capacity and no quota exceeded, nothing new where nobody answers', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, (after, before) => {
          expect(wrongsOf(after.estate, before?.decisions ?? NONE, after.decisions)).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  test('no app lacks a replica for which a cluster has room', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, (after) => {
          // Whoever came home in this very plan left room behind: it asks to be planned again at once.
          const isDone = after.wakeAtMs !== after.estate.nowMs;
          if (isDone) expect(neglectOf(after.estate, after.decisions)).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  test('counts agree: present and unplaced are what is wanted', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, ({ estate: { apps }, decisions }) => {
          for (const { id, replicas, placement } of apps) {
            const decision = decisions.get(id);
            const present = (decision?.assignments ?? [])
              .filter(({ state }) => state === 'present')
              .reduce((sum, each) => sum + each.replicas, 0);
            expect(present + (decision?.unplaced ?? 0)).toBe(decision?.wanted);
            if (placement.division.kind === 'divide') expect(decision?.wanted).toBe(replicas);
          }
        });
      }),
      RUNS,
    );
  });

  test('a re-plan is a plan of the changed estate', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        let nowMs = NOW_MS;
        let now = plan(story[0]);
        for (const change of story[1]) {
          nowMs += change.nowMs - NOW_MS;
          const whole = plan(changed(now, { ...change, nowMs }));
          now = replan(now, { ...change, nowMs });
          expect(facts(now.decisions)).toEqual(facts(whole.decisions));
          expect(now.wakeAtMs).toBe(whole.wakeAtMs);
        }
      }),
      RUNS,
    );
  });

  test('the order of what it is told changes nothing', () => {
    fc.assert(
      fc.property(anyStory, fc.infiniteStream(fc.nat()), (story, chance) => {
        const shuffled = <Item>(items: readonly Item[]) =>
          items
            .map((item) => ({ item, order: chance.next().value ?? 0 }))
            .sort((a, b) => a.order - b.order)
            .map(({ item }) => item);
        const { estate: told, decisions } = tell(story, () => undefined);
        const again: Estate = { ...told, placed: [...decisions.values()] };
        const other: Estate = {
          ...again,
          tenants: shuffled(told.tenants),
          sites: shuffled(told.sites),
          clusters: shuffled(told.clusters),
          apps: shuffled(told.apps),
          latencies: shuffled(told.latencies),
          placed: shuffled(again.placed),
        };
        const sorted = (one: Plan) => [...one.decisions].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(plan(other))).toEqual(sorted(plan(again)));
        expect(sorted(plan({ ...other, placed: [] }))).toEqual(sorted(plan({ ...again, placed: [] })));
      }),
      RUNS,
    );
  });

  test('a second plan changes nothing', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const last = tell(story, () => undefined);
        if (last.wakeAtMs === last.estate.nowMs) return;
        const again = replan(last, { nowMs: last.estate.nowMs });
        expect(movesBetween(placedOf(last), again.decisions)).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('movement', () => {
  const alone = fc.tuple(anyEstate, anyApp('web'), fc.tuple(...CLUSTERS.map(anyCluster)), anyApp('web'));
  /** What leaves a place for a reason of its own is judged by its own tests. */
  const isPlain = ({ placement, disconnect }: PlacedApp) =>
    placement.division.kind === 'divide' && placement.burst === undefined && !disconnect.replace;

  test('of an app that is alone is the least that any arrangement with as many replicas needs', () => {
    fc.assert(
      fc.property(alone, ([start, first, clusters, second]) => {
        fc.pre(isPlain(first) && isPlain(second) && second.placement.spread.length === 0);
        const before = plan({ ...start, apps: [first], tenants: [] });
        const after = replan(before, { nowMs: NOW_MS, clusters, apps: [second] });
        const best = bestFor(after.estate, second, before.decisions);
        const moved = clusters.reduce((sum, { id }) => {
          const was = countIn(before.decisions, 'acme/web', id);
          return sum + Math.max(0, was - countIn(after.decisions, 'acme/web', id));
        }, 0);
        expect({ placed: second.replicas - (after.decisions.get('acme/web')?.unplaced ?? 0), moved }).toEqual(
          best,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('from nothing an app that is alone has as many replicas as any arrangement within its skew', () => {
    fc.assert(
      fc.property(anyEstate, anyApp('web'), (start, web) => {
        fc.pre(web.placement.division.kind === 'divide');
        const only = { ...start, apps: [web], tenants: [] };
        const unplaced = plan(only).decisions.get('acme/web')?.unplaced ?? 0;
        expect(web.replicas - unplaced).toBe(bestFor(only, web, NONE).placed);
      }),
      { numRuns: 300 },
    );
  });

  test('among many has a reason that is told: whatever left a cluster is accounted for by a note', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, (after, before) => {
          for (const [id, decision] of after.decisions) {
            const left = after.estate.clusters.reduce((sum, one) => {
              const was = countIn(before?.decisions ?? NONE, id, one.id, 'present');
              return sum + Math.max(0, was - countIn(after.decisions, id, one.id));
            }, 0);
            const kinds = ['moved_off', 'scaled_down', 'gave_way', 'returned', 'reconciled'];
            const told = decision.notes.reduce(
              (sum, note) => sum + (kinds.includes(note.kind) && 'replicas' in note ? note.replicas : 0),
              0,
            );
            expect(left).toBeLessThanOrEqual(told);
          }
        });
      }),
      RUNS,
    );
  });

  test('to make place is for higher priority alone', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        tell(story, ({ estate: { apps }, decisions }) => {
          const priorityOf = (id: string) => apps.find((one) => one.id === id)?.placement.priority ?? 0;
          for (const [id, { notes }] of decisions)
            for (const note of notes)
              if (note.kind === 'gave_way') {
                expect(priorityOf(note.to)).toBeGreaterThan(priorityOf(id));
                expect(countIn(decisions, note.to, note.cluster)).toBeGreaterThan(0);
              }
        });
      }),
      RUNS,
    );
  });
});

describe('an explanation', () => {
  test('names every cluster of the tenant: chosen, refused once, or with room that was not needed', () => {
    fc.assert(
      fc.property(anyEstate, (start) => {
        const planned = plan(start);
        for (const one of start.apps) {
          const decision = planned.decisions.get(one.id);
          const refused = (decision?.refusals ?? []).flatMap(({ clusters }) => clusters);
          expect(new Set(refused).size).toBe(refused.length);
          const own = start.clusters.filter(({ tenants }) => tenants.includes(one.tenant));
          expect(decision?.clusters).toBe(own.length);
          const isNamed = ({ id }: PlacedCluster) =>
            refused.includes(id) || countIn(planned.decisions, one.id, id) > 0;
          const spare = own.filter((each) => !isNamed(each));
          for (const each of spare) {
            expect(each.health.verdict).toBe('alive');
            expect(limitIn(start, one, each)).toBeGreaterThan(0);
          }
          const isShort = decision?.unplaced !== 0 && !decision?.notes.some(({ kind }) => kind === 'quota');
          if (isShort) expect(spare).toEqual([]);
        }
      }),
      RUNS,
    );
  });
});
