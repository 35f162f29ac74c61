/** A tenant as its estate: what is known counts, what is not known counts against it, and what is kept says the same. */
import { describe, expect, test } from 'vitest';
import { plan } from '../../../functions/placement/plan.ts';
import {
  type AppView,
  type ClusterView,
  estateOf,
  isSamePlacement,
  placedOf,
  type TenantView,
} from '../../../functions/placement/tenant.ts';
import { AppSpec } from '../../../protocol/app.ts';
import { SiteSpec } from '../../../protocol/site.ts';
import { ROOMY } from '../api/estates.ts';

const NOW_MS = 1_000_000;

function cluster(name: string, more: Partial<ClusterView> = {}): ClusterView {
  const kept = { kind: 'kubernetes' as const, labels: {}, pools: [] };
  return { name, site: 'berlin', ...kept, facts: ROOMY, heardAtMs: NOW_MS, ...more };
}

function app(name: string, spec: object = {}, placed?: AppView['placed']): AppView {
  return { name, spec: AppSpec.parse({ image: 'web:1', replicas: 4, ...spec }), placed };
}

function view(clusters: readonly ClusterView[], apps: readonly AppView[]): TenantView {
  const site = (name: string, spec: object = {}) => ({
    name,
    spec: SiteSpec.parse({ allotment: ['10.0.0.0/24'], ...spec }),
  });
  const sites = [
    site('berlin', { labels: { region: 'eu' } }),
    site('cloud', { kind: 'vpc', costPerCpu: 1 }),
    site('rome'),
  ];
  return { name: 'acme', quota: {}, nowMs: NOW_MS, sites, clusters, apps };
}

function placed(clusters: readonly ClusterView[], one: AppView) {
  const decision = plan(estateOf(view(clusters, [one]))).decisions.get(`acme/${one.name}`);
  if (decision === undefined) throw new Error('no decision');
  const kept = placedOf('acme', decision, '2026-01-01T00:00:00.000Z');
  return { ...kept, counts: kept.assignments.map(({ cluster: name, replicas }) => [name, replicas]) };
}

describe('an app', () => {
  test('is divided over the clusters of its tenant', () => {
    expect(placed([cluster('a'), cluster('b')], app('web')).counts).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });

  test('goes where others leave room, and stays where they come later', () => {
    const { capacity } = ROOMY;
    const busy = cluster('a', { facts: { ...ROOMY, foreign: capacity } });
    expect(placed([busy, cluster('b')], app('web')).counts).toEqual([['b', 4]]);
    const before = { assignments: [{ cluster: 'a', replicas: 4, state: 'present' as const, standIns: 0 }] };
    expect(placed([busy, cluster('b')], app('web', {}, before)).counts).toEqual([['a', 4]]);
  });

  test('goes where its kind of cluster can do what it asks for, says so, and stays where it is already', () => {
    const clusters = [cluster('a', { kind: 'kubernetes' }), cluster('b', { kind: 'docker' })];
    const secrets = [{ secret: 's', key: 'k', as: { kind: 'variable', name: 'S' } }];
    const fresh = placed(clusters, app('web', { secrets }));
    expect(fresh.counts).toEqual([['a', 4]]);
    expect(fresh.why.join(' ')).toContain('docker keeps no secrets (b)');
    const there = (name: string) => ({ cluster: name, replicas: 2, state: 'present' as const, standIns: 0 });
    const before = { assignments: [there('a'), there('b')] };
    expect(placed(clusters, app('web', { secrets }, before)).counts).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
    expect(placed(clusters, app('web', { secrets, replicas: 6 }, before)).counts).toEqual([
      ['a', 4],
      ['b', 2],
    ]);
  });

  test('runs whole in each cluster if it asks for that', () => {
    const each = app('web', { placement: { division: { kind: 'each' } } });
    expect(placed([cluster('a'), cluster('b')], each).counts).toEqual([
      ['a', 4],
      ['b', 4],
    ]);
  });

  test('goes by labels of sites and clusters, and by what is public', () => {
    const clusters = [
      cluster('a', { labels: { tier: 'gold' } }),
      cluster('b'),
      cluster('c', { site: 'cloud' }),
    ];
    const where = (placement: object) => placed(clusters, app('web', { placement })).counts;
    expect(where({ constraints: ['cluster.tier == gold'] })).toEqual([['a', 4]]);
    expect(where({ constraints: ['site.location == public'] })).toEqual([['c', 4]]);
    expect(where({ residency: 'inside' })).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });

  test.each([
    ['has told nothing yet', { facts: undefined, heardAtMs: undefined }],
    ['has been silent', { heardAtMs: NOW_MS - 120_000 }],
    [
      'does not answer its edge',
      {
        facts: {
          ...ROOMY,
          statements: [
            { type: 'Reachable', status: 'False' as const, reason: 'NoAnswer', message: 'No answer.' },
          ],
        },
      },
    ],
  ])('gets nothing in a cluster that %s, and keeps what it has there', (_, more) => {
    const clusters = [cluster('a'), cluster('b', more)];
    expect(placed(clusters, app('web')).counts).toEqual([['a', 4]]);
    const there = { assignments: [{ cluster: 'b', replicas: 4, state: 'present' as const, standIns: 0 }] };
    expect(placed(clusters, app('web', {}, there)).counts).toEqual([['b', 4]]);
  });

  test('stays where a node fell silent, which is not to say that it is dead', () => {
    const nodes = ROOMY.nodes.map((node) => ({
      ...node,
      ready: 'Unknown' as const,
      verdict: 'cut_off' as const,
    }));
    const silent = { ...ROOMY, nodes };
    const there = { assignments: [{ cluster: 'a', replicas: 4, state: 'present' as const, standIns: 0 }] };
    expect(placed([cluster('a', { facts: silent })], app('web', {}, there)).counts).toEqual([['a', 4]]);
    const dead = { ...silent, nodes: nodes.map((node) => ({ ...node, verdict: 'dead' as const })) };
    expect(placed([cluster('a', { facts: dead })], app('web', {}, there)).unplaced).toBe(4);
  });

  test('stays where nothing answers and nothing is known of the nodes, also if it minds what they are', () => {
    const statements = [
      { type: 'Reachable', status: 'False' as const, reason: 'NoAnswer', message: 'No answer.' },
    ];
    // What an edge tells that has just begun, before anything answered it.
    const unseen = cluster('b', { facts: { ...ROOMY, nodes: [], statements } });
    const there = { assignments: [{ cluster: 'b', replicas: 4, state: 'present' as const, standIns: 0 }] };
    for (const placement of [{ maxPerNode: 2 }, { constraints: ['node.disk == ssd'] }]) {
      expect(placed([cluster('a'), unseen], app('web', { placement }, there)).counts).toEqual([['b', 4]]);
      expect(placed([unseen], app('web', { placement })).unplaced).toBe(4);
    }
    const inside = { placement: { maxPerNode: 2, constraints: ['site.name == rome'] } };
    expect(placed([unseen], app('web', inside, there)).unplaced).toBe(4);
  });

  test("has one replica a node where it takes a port of the node's own", () => {
    const ports = [{ name: 'http', port: 8080, hostPort: 80 }];
    const clusters = [cluster('a'), cluster('b')];
    expect(placed(clusters, app('web', { ports }))).toMatchObject({ unplaced: 2 });
    const many = app('web', { ports, placement: { maxPerNode: 3 } });
    expect(placed(clusters, many)).toMatchObject({ unplaced: 2 });
    expect(placed(clusters, app('web', { ports: [{ name: 'http', port: 8080 }] }))).toMatchObject({
      unplaced: 0,
    });
  });

  test('has no more replicas than a cluster has addresses of its pool', () => {
    const pools = (size: number) => ({ pools: ['lan'], poolSizes: { lan: size } });
    const clusters = [cluster('a', pools(1)), cluster('b', pools(8))];
    const { assignments, unplaced } = placed(clusters, app('web', { pool: 'lan', replicas: 6 }));
    expect([assignments.map(({ replicas }) => replicas), unplaced]).toEqual([[1, 5], 0]);
    const small = [cluster('a', pools(1)), cluster('b', pools(2))];
    expect(placed(small, app('web', { pool: 'lan', replicas: 6 }))).toMatchObject({ unplaced: 3 });
    expect(placed(small, app('web', { replicas: 6 }))).toMatchObject({ unplaced: 0 });
  });

  test('goes near to what it calls, by the ways to the hubs that edges tell', () => {
    const at = (name: string, site: string, rttMs: number) =>
      cluster(name, { site, facts: { ...ROOMY, rttMs } });
    const clusters = [at('a', 'berlin', 2), at('b', 'cloud', 3), at('c', 'rome', 90)];
    const db = app('db', { replicas: 1, placement: { clusters: ['a'] } });
    const near = app('web', { replicas: 1, placement: { clusters: ['b', 'c'], latencyTo: ['db'] } });
    const estate = estateOf(view(clusters, [db, near]));
    expect(estate.latencies).toContainEqual({ between: ['acme/berlin', 'acme/cloud'], ms: 5 });
    const { decisions } = plan(estate);
    expect(decisions.get('acme/web')?.assignments.map((one) => one.cluster)).toEqual(['acme/b']);
    expect(estateOf(view(clusters, [db])).latencies).toEqual([]);
  });

  test('goes where its image is, all else being equal', () => {
    const images = ['web:1'];
    const clusters = [
      cluster('a', { facts: { ...ROOMY, images: [] } }),
      cluster('b', { facts: { ...ROOMY, images } }),
    ];
    const one = placed(clusters, app('web', { image: 'docker.io/library/web:1', replicas: 1 }));
    expect(one.assignments.map((assignment) => assignment.cluster)).toEqual(['b']);
    expect(one.why.join(' ')).toContain('the image is there');
  });

  test('is divided evenly where one cluster has its image and the other does not, or does not tell', () => {
    const images = ['web:1'];
    for (const other of [ROOMY, { ...ROOMY, images: [] }]) {
      const clusters = [cluster('a', { facts: { ...ROOMY, images } }), cluster('b', { facts: other })];
      const { assignments } = placed(clusters, app('web', { image: 'web:1', replicas: 4 }));
      expect(assignments.map(({ replicas }) => replicas)).toEqual([2, 2]);
    }
  });

  test('says why, in the names of its tenant', () => {
    const { why, unplaced } = placed([cluster('a', { heardAtMs: NOW_MS - 120_000 })], app('web'));
    expect(unplaced).toBe(4);
    expect(why.join(' ')).toContain('silent');
    expect(why.join(' ')).not.toContain('acme/');
  });
});

describe('what is kept', () => {
  test('is the same while only ages differ, and is not once its words changed', () => {
    const silent = (ms: number) => placed([cluster('a', { heardAtMs: NOW_MS - ms })], app('web'));
    expect(isSamePlacement(silent(120_000), silent(300_000))).toBe(true);
    expect(isSamePlacement(silent(120_000), { ...silent(120_000), isReworded: true })).toBe(false);
    expect(isSamePlacement(silent(120_000), placed([cluster('a')], app('web')))).toBe(false);
  });
});
