/** What the scheduler decides, by example: where replicas go, why not elsewhere, and what happens to them when something changes. */
import { describe, expect, test } from 'vitest';
import type { PlacedCluster } from '../../../functions/placement/estate.ts';
import { explain } from '../../../functions/placement/explain.ts';
import { plan, replan } from '../../../functions/placement/plan.ts';
import { app, cloud, cluster, decisionFor, estate, NOW_MS, node, site, where } from './estates.ts';

const ABC = [cluster('a'), cluster('b'), cluster('c')];

const silent = (one: PlacedCluster, verdict: 'cut_off' | 'dead' | 'unknown', ageMs = 0): PlacedCluster => ({
  ...one,
  health: { verdict, evidence: 'the hub lost it', heardAtMs: NOW_MS - ageMs },
});

describe('replicas are divided', () => {
  test('by free room', () => {
    const clusters = [cluster('a', { cpus: 8 }), cluster('b', { cpus: 2 })];
    const planned = plan(estate({ clusters, apps: [app('web', { replicas: 5 })] }));
    expect(where(planned, 'web')).toEqual({ a: 4, b: 1 });
  });

  test('evenly, and the odd one where there is more room', () => {
    const clusters = [cluster('a', { cpus: 4 }), cluster('b', { cpus: 8 })];
    const placement = { division: { kind: 'divide', by: 'evenly' } };
    const planned = plan(estate({ clusters, apps: [app('web', { replicas: 5, placement })] }));
    expect(where(planned, 'web')).toEqual({ a: 2, b: 3 });
  });

  test('by weights, and not where there is none', () => {
    const placement = { division: { kind: 'divide', by: 'weights', weights: { a: 3, b: 1 } } };
    const planned = plan(estate({ clusters: ABC, apps: [app('web', { replicas: 8, placement })] }));
    expect(where(planned, 'web')).toEqual({ a: 6, b: 2 });
    expect(decisionFor(planned, 'web').refusals).toEqual([{ reason: 'no_weight', clusters: ['c'] }]);
  });

  test('or each cluster that is named has all of them', () => {
    const placement = { clusters: ['a', 'b'], division: { kind: 'each' } };
    const planned = plan(estate({ clusters: ABC, apps: [app('web', { replicas: 3, placement })] }));
    expect(where(planned, 'web')).toEqual({ a: 3, b: 3 });
    expect(decisionFor(planned, 'web')).toMatchObject({ wanted: 6, unplaced: 0 });
  });

  test('over sites first where they are spread by site', () => {
    const clusters = [
      cluster('a1', { site: 'a', cpus: 64 }),
      cluster('a2', { site: 'a', cpus: 64 }),
      cluster('b'),
    ];
    const placement = { spread: [{ by: 'site' }] };
    const planned = plan(estate({ clusters, apps: [app('web', { replicas: 4, placement })] }));
    expect(where(planned, 'web')).toEqual({ a1: 1, a2: 1, b: 2 });
  });

  test('and stop where the skew would become too great', () => {
    const clusters = [cluster('a', { cpus: 1 }), cluster('b')];
    const placement = { spread: [{ by: 'site', maxSkew: 1 }] };
    const planned = plan(estate({ clusters, apps: [app('web', { replicas: 5, placement })] }));
    expect(where(planned, 'web')).toEqual({ a: 1, b: 2 });
    expect(decisionFor(planned, 'web').unplaced).toBe(2);
  });
});

describe('a better place gets more', () => {
  test('where a preference holds', () => {
    const clusters = [cluster('a'), cluster('b', { labels: { disk: 'ssd' } })];
    const placement = { preferences: [{ constraint: 'disk == ssd', weight: 100 }] };
    expect(where(plan(estate({ clusters, apps: [app('db', { replicas: 3, placement })] })), 'db')).toEqual({
      b: 3,
    });
  });

  test('where CPUs are cheaper, or the image is', () => {
    const sites = [site('a', { costPerCpu: 9 }), site('b'), site('c')];
    const clusters = [cluster('a'), cluster('b'), cluster('c', { images: ['web:1'] })];
    expect(where(plan(estate({ clusters, sites, apps: [app('web')] })), 'web')).toEqual({ c: 1 });
  });

  test('near to what it calls', () => {
    const clusters = [cluster('a'), cluster('b'), cluster('c')];
    const apps = [
      app('web', { placement: { latencyTo: ['db'] } }),
      app('zdb', { name: 'db', placement: { clusters: ['c'] } }),
    ];
    const latencies = [{ between: ['b', 'c'] as const, ms: 1 }];
    const full = clusters.map((one) =>
      one.id === 'c' ? { ...one, capacity: { ...one.capacity, cpuMillis: 1_000 } } : one,
    );
    expect(where(plan(estate({ clusters: full, apps, latencies })), 'web')).toEqual({ b: 1 });
  });
});

describe('a cluster is refused', () => {
  const oslo = cluster('oslo', {
    labels: { cloud: 'own' },
    nodes: [node('n1', { role: 'manager' }), node('n2', { labels: { gpu: 'yes' } })],
  });

  test.each<[string, Parameters<typeof app>[1], object]>([
    ['that is not named', { placement: { clusters: ['rome'] } }, { reason: 'not_named' }],
    [
      'by a constraint on it',
      { placement: { constraints: ['cloud == aws'] } },
      { reason: 'constraint', constraint: 'cloud == aws' },
    ],
    [
      'by a constraint on its site',
      { placement: { constraints: ['site.name != oslo'] } },
      { reason: 'constraint', constraint: 'site.name != oslo' },
    ],
    [
      'without a node of the kind',
      { placement: { constraints: ['node.zone == a'] } },
      { reason: 'no_node', constraints: ['node.zone == a'] },
    ],
    [
      'whose one node is not both',
      { placement: { constraints: ['node.role == manager', 'node.gpu'] } },
      { reason: 'no_node' },
    ],
    [
      'whose nodes are too small',
      { need: { cpuMillis: 5_000, memoryMib: 1 } },
      { reason: 'no_node', constraints: [] },
    ],
    ['without the pool', { pool: 'front' }, { reason: 'pool', pool: 'front' }],
  ])('%s', (_, wish, refusal) => {
    const planned = plan(estate({ clusters: [oslo], apps: [app('web', wish)] }));
    expect(decisionFor(planned, 'web')).toMatchObject({
      assignments: [],
      unplaced: 1,
      refusals: [{ ...refusal, clusters: ['oslo'] }],
    });
  });

  test('that ignores policies, if the app must be isolated', () => {
    const clusters = [cluster('a', { policies: 'ignored' }), cluster('b', { policies: 'unknown' })];
    const planned = plan(estate({ clusters, apps: [app('web', { isolation: 'required' })] }));
    expect(decisionFor(planned, 'web').refusals).toEqual([{ reason: 'isolation', clusters: ['a', 'b'] }]);
  });

  test('in a public cloud, if the app stays inside', () => {
    const clusters = [cluster('a', { cpus: 1 }), cluster('aws')];
    const apps = [app('db', { replicas: 2, placement: { residency: 'inside' } })];
    const planned = plan(estate({ clusters, sites: [cloud('aws')], apps }));
    expect(where(planned, 'db')).toEqual({ a: 1 });
    expect(decisionFor(planned, 'db').refusals).toMatchObject([
      { reason: 'residency', clusters: ['aws'] },
      { reason: 'capacity', clusters: ['a'], holds: true },
    ]);
  });

  test('that is silent or dead, with the evidence', () => {
    const clusters = [silent(cluster('a'), 'cut_off'), silent(cluster('b'), 'dead'), cluster('c')];
    const planned = plan(estate({ clusters, apps: [app('web', { replicas: 3 })] }));
    expect(where(planned, 'web')).toEqual({ c: 3 });
    expect(decisionFor(planned, 'web').refusals).toEqual([
      { reason: 'silent', verdict: 'cut_off', evidence: 'the hub lost it', clusters: ['a'] },
      { reason: 'dead', evidence: 'the hub lost it', clusters: ['b'] },
    ]);
  });

  test('of another tenant not even by name', () => {
    const clusters = [cluster('a', { tenants: ['other'] })];
    const planned = plan(estate({ clusters, apps: [app('web')] }));
    expect(JSON.stringify(decisionFor(planned, 'web'))).not.toContain('"a"');
    expect(decisionFor(planned, 'web').unplaced).toBe(1);
  });

  test('once it has as many replicas a node as the app allows', () => {
    const apps = [app('web', { replicas: 3, placement: { uniquePerNode: true } })];
    const planned = plan(estate({ clusters: [oslo], apps }));
    expect(where(planned, 'web')).toEqual({ oslo: 2 });
  });
});

describe('the explanation', () => {
  test('says in words who was refused for what, and what is lacking', () => {
    const clusters = [
      ...['aws1', 'aws2', 'aws3'].map((id) => cluster(id, { site: 'aws' })),
      cluster('oslo', { cpus: 1, used: { cpuMillis: 1_000, memoryMib: 0, pods: 0 } }),
      cluster('rome', { cpus: 2 }),
    ];
    const placement = { residency: 'inside' };
    const apps = [app('db', { replicas: 2, need: { cpuMillis: 2_000, memoryMib: 1 }, placement })];
    const planned = plan(estate({ clusters, sites: [cloud('aws')], apps }));
    expect(explain(decisionFor(planned, 'db'))).toEqual([
      '1 of 2 replicas has a place: 1 in rome.',
      '1 to rome (room for 1; 30 points: cost (+30)).',
      'No more in rome: 2 CPUs short.',
      '3 of 5 clusters refused: residency: the app stays inside, this is a public cloud (aws1, aws2, aws3); 1: 2 CPUs short (oslo).',
    ]);
  });

  test('says why a cluster that has some takes no more, whatever keeps it from that', () => {
    const last = (name: string, more: Parameters<typeof app>[1], clusters: PlacedCluster[]) =>
      explain(decisionFor(plan(estate({ clusters, apps: [app(name, more)] })), name)).at(-1);
    expect(last('web', { replicas: 3 }, [cluster('a', { cpus: 1 })])).toBe('No more in a: 1 CPU short.');
    const oneEach = { uniquePerNode: true };
    const nodes = [node('n1'), node('n2')];
    expect(last('web', { replicas: 3, placement: oneEach }, [cluster('a', { nodes })])).toContain(
      'No more in a: every node has as many',
    );
    const each = { division: { kind: 'each' } };
    expect(last('web', { replicas: 2, placement: each }, [cluster('a', { cpus: 1 }), cluster('b')])).toBe(
      'No more in a: 1 CPU short.',
    );
  });

  test('names the quota that ran out', () => {
    const tenants = [{ name: 'acme', quota: { cpuMillis: 3_000 } }];
    const planned = plan(estate({ clusters: ABC, tenants, apps: [app('web', { replicas: 5 })] }));
    expect(decisionFor(planned, 'web').unplaced).toBe(2);
    expect(explain(decisionFor(planned, 'web'))).toContain(
      '2 replicas refused by the quota of acme: 3 CPUs, of which 0 are taken.',
    );
  });
});

describe('an app of higher priority', () => {
  const low = app('batch', { replicas: 4, placement: { priority: 10 } });
  const high = app('shop', { replicas: 2, placement: { priority: 90 } });
  const clusters = [cluster('a', { cpus: 4 })];

  test('takes the place of a lower one where it would not fit, and both say so', () => {
    const first = plan(estate({ clusters, apps: [low] }));
    const second = replan(first, { nowMs: NOW_MS, apps: [high] });
    expect([where(second, 'shop'), where(second, 'batch')]).toEqual([{ a: 2 }, { a: 2 }]);
    expect(explain(decisionFor(second, 'shop'))).toContain(
      'Took the place of 1 replica of acme/batch in a, whose priority is 10; there was no room elsewhere.',
    );
    expect(explain(decisionFor(second, 'batch'))).toContain(
      '1 replica in a gave way to acme/shop, whose priority is 90.',
    );
  });

  test('takes nothing while there is room elsewhere, and moves whoever gives way to where there is', () => {
    const first = plan(estate({ clusters, apps: [low] }));
    const roomy = replan(first, {
      nowMs: NOW_MS,
      apps: [high],
      clusters: [cluster('b', { cpus: 2 })],
      sites: [site('a'), site('b')],
    });
    expect([where(roomy, 'shop'), where(roomy, 'batch')]).toEqual([{ b: 2 }, { a: 4 }]);
    const bound = app('shop', { replicas: 2, placement: { priority: 90, clusters: ['a'] } });
    const moved = replan(first, {
      nowMs: NOW_MS,
      apps: [bound],
      clusters: [cluster('b', { cpus: 2 })],
      sites: [site('a'), site('b')],
    });
    expect([where(moved, 'shop'), where(moved, 'batch')]).toEqual([{ a: 2 }, { a: 2, b: 2 }]);
  });

  test('does not take the place of an equal one', () => {
    const first = plan(estate({ clusters, apps: [low] }));
    const second = replan(first, { nowMs: NOW_MS, apps: [app('shop', { placement: { priority: 10 } })] });
    expect([where(second, 'shop'), where(second, 'batch')]).toEqual([{}, { a: 4 }]);
  });

  test('takes no more than it takes: whoever is not needed stays', () => {
    const small = app('small', { placement: { priority: 10 } });
    const large = app('large', { need: { cpuMillis: 3_000, memoryMib: 1 }, placement: { priority: 20 } });
    const first = plan(estate({ clusters, apps: [small, large] }));
    const need = { cpuMillis: 3_000, memoryMib: 1 };
    const second = replan(first, {
      nowMs: NOW_MS,
      apps: [app('shop', { need, placement: { priority: 90 } })],
    });
    expect([where(second, 'shop'), where(second, 'large'), where(second, 'small')]).toEqual([
      { a: 1 },
      {},
      { a: 1 },
    ]);
  });
});
