/** Clusters in documents: who is told of what, and who may ask for what. */
import { describe, expect, test } from 'vitest';
import { affectedAgents, type ChangedItem } from '../../../functions/domain/affected.ts';
import { BUILT_IN } from '../../../functions/domain/authorize.ts';
import { groupsOf, keyId, subjectOf } from '../../../functions/domain/cluster.ts';
import type { ClusterPlace, Estate, KeyFacts, TenantEstate } from '../../../functions/domain/estate.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import { ClusterAccess } from '../../../protocol/cluster.ts';
import { nodeRulesOf, Placement } from '../../../protocol/placement.ts';
import { DEPLOYMENT, documents, edge, hub, site, tenant } from './estates.ts';

const ACCESS = ClusterAccess.parse({});
const ISSUER = { id: 'i', publicKey: 'k' };

function key(name: string, role: KeyFacts['role'] = 'operator', of = 'acme'): KeyFacts {
  return { tenant: of, name, role, id: keyId(`${name} hash of a secret`) };
}

function cluster(name: string, more: Partial<ClusterPlace> = {}): ClusterPlace {
  const agent = 'edge.acme.berlin';
  return {
    name,
    kind: 'kubernetes',
    site: 'berlin',
    agent,
    access: ACCESS,
    issuer: ISSUER,
    record: 'none',
    knowsBindings: true,
    knowsBrowsers: true,
    ...more,
  };
}

const app = (name: string, clusters: readonly string[]) => ({
  name,
  release: 3,
  namespace: 'acme',
  assignments: clusters.map((cluster) => ({ cluster, replicas: 2 })),
  endpoints: [],
  origins: [],
  residency: 'anywhere' as const,
  nodes: nodeRulesOf(Placement.parse({})),
  template: AppTemplate.parse({ image: 'web:1' }),
});

const ACME = tenant('acme', {
  sites: [site('acme', 'berlin'), site('acme', 'tokyo')],
  edges: [edge('acme', 'berlin', { tunnelAddress: '100.64.1.1' }), edge('acme', 'tokyo')],
  clusters: [
    cluster('prod'),
    cluster('test', { record: 'exec', drill: { asked: '2026-01-31T12:00:00.000Z' } }),
  ],
  apps: [app('web', ['prod']), app('db', ['prod', 'test'])],
  addressPools: [{ name: 'web', ranges: [{ cluster: 'prod', prefix: '10.9.0.0/28' }] }],
  keys: [key('ci'), key('root', 'admin', '*')],
});

function estate(of: TenantEstate = ACME): Estate {
  return { deployment: DEPLOYMENT, hubs: [hub('a')], tenants: [of, tenant('other')] };
}

const namesIn = (of: Estate, agent: string) => Object.keys(documents(of)[agent] ?? {});
const ofClusters = (names: readonly string[]) =>
  names.filter((name) => /^(cluster|workload|pool)s?\//.test(name));

describe('an app with a release that comes by stages', () => {
  const stage = { name: '4.canary.1', serving: ['stable' as const, 'next' as const] };
  const next = { release: 4, template: AppTemplate.parse({ image: 'web:2' }) };
  const staged = (more: object) => {
    const web = { ...app('web', ['prod', 'test']), stage, next: { ...next, ...more } };
    const leaves = documents(estate({ ...ACME, apps: [web] }))['edge.acme.berlin'] ?? {};
    return Object.entries(leaves).flatMap(([name, leaf]) =>
      leaf.kind === 'workload'
        ? [[name, leaf.track, leaf.release, leaf.template.replicas, leaf.stage?.name]]
        : [],
    );
  };

  test('has a second leaf where it has a share, and the same of stable', () => {
    const shares = new Map([
      ['prod', 1],
      ['test', 0],
    ]);
    expect(staged({ shares })).toEqual([
      ['workload/prod/web', undefined, 3, 2, '4.canary.1'],
      ['workload/prod/web.next', 'next', 4, 1, '4.canary.1'],
      ['workload/test/web', undefined, 3, 2, '4.canary.1'],
    ]);
  });

  test('without shares has as many of both everywhere', () => {
    expect(staged({}).map(([name, , , replicas]) => [name, replicas])).toEqual([
      ['workload/prod/web', 2],
      ['workload/prod/web.next', 2],
      ['workload/test/web', 2],
      ['workload/test/web.next', 2],
    ]);
  });
});

describe('the documents', () => {
  test('of the edge that holds clusters tell who may ask, what runs there and which addresses it has', () => {
    expect(ofClusters(namesIn(estate(), 'edge.acme.berlin')).sort()).toEqual([
      'cluster/prod',
      'cluster/test',
      'pool/prod/web',
      'workload/prod/db',
      'workload/prod/web',
      'workload/test/db',
    ]);
    expect(documents(estate())['edge.acme.berlin']?.['cluster/test']).toEqual({
      kind: 'cluster',
      tenant: 'acme',
      cluster: 'test',
      type: 'kubernetes',
      host: 'test.acme.clusters.isthmus.internal',
      access: [
        { subject: subjectOf(key('root', 'admin', '*')), user: 'isthmus:*:root', groups: ['isthmus:admins'] },
        { subject: subjectOf(key('ci')), user: 'isthmus:acme:ci', groups: ['isthmus:operators'] },
      ],
      issuers: [ISSUER],
      record: 'exec',
      drill: { asked: '2026-01-31T12:00:00.000Z' },
    });
  });

  const who = { kind: 'group' as const, issuer: 'https://login.example.com', group: 'ops' };
  const bound = { tenant: 'acme', name: 'ops', who, role: 'operator', rules: BUILT_IN.operator };

  test('tell whom bindings let in, unless the edge is of a version that knows no bindings', () => {
    const leafOf = (knowsBindings: boolean) => {
      const of = { ...ACME, clusters: [cluster('prod', { knowsBindings })], bindings: [bound] };
      return documents(estate(of))['edge.acme.berlin']?.['cluster/prod'];
    };
    expect(leafOf(true)).toMatchObject({ bindings: [{ who, groups: ['isthmus:operators'] }] });
    expect(leafOf(false)).not.toHaveProperty('bindings');
  });

  test('of other edges tell nothing of them', () => {
    expect(ofClusters(namesIn(estate(), 'edge.acme.tokyo'))).toEqual([]);
  });

  test('of hubs tell where the names lead, and nothing more', () => {
    expect(documents(estate())['hub.a']?.['clusters/acme']).toEqual({
      kind: 'clusters',
      tenant: 'acme',
      clusters: ['prod', 'test'].map((name) => ({
        host: `${name}.acme.clusters.isthmus.internal`,
        address: '100.64.1.1',
        port: 7863,
      })),
    });
    expect(ofClusters(namesIn(estate(), 'hub.a'))).toEqual(['clusters/acme']);
  });

  test.each([
    ['in quarantine', { edges: [edge('acme', 'berlin', { quarantined: true })] }],
    ['moved to another site', { edges: [edge('acme', 'berlin', { site: 'tokyo' })] }],
    ['gone', { edges: [] }],
  ])('lead nowhere while the edge is %s', (_, change) => {
    expect(ofClusters(namesIn(estate({ ...ACME, ...change }), 'hub.a'))).toEqual([]);
  });
});

describe('groups', () => {
  const access = ClusterAccess.parse({ viewer: [], keys: [{ key: 'ci', groups: ['team:a'] }] });

  test.each([
    ['by the role', key('deploy', 'operator'), ['isthmus:operators']],
    ['by a grant to the key', key('ci', 'admin'), ['team:a']],
    [
      'not by a grant to a key of the tenant, for one of the deployment',
      key('ci', 'admin', '*'),
      ['isthmus:admins'],
    ],
    ['none where the role has none', key('look', 'viewer'), []],
  ])('are had %s', (_, asking, groups) => {
    expect(groupsOf(access, asking)).toEqual(groups);
  });
});

describe('a change', () => {
  const agents = (change: ChangedItem) => affectedAgents(change, estate());

  test.each<[string, ChangedItem, string[]]>([
    ['of a key', { kind: 'key', tenant: 'acme', name: 'ci' }, ['edge.acme.berlin']],
    ['of a key of the deployment', { kind: 'key', tenant: '*', name: 'root' }, ['edge.acme.berlin']],
    ['of a key of a tenant without clusters', { kind: 'key', tenant: 'other', name: 'x' }, []],
    ['of a binding', { kind: 'binding', tenant: 'acme', name: 'ops' }, ['edge.acme.berlin']],
    ['of a role of the deployment', { kind: 'role', tenant: '*', name: 'ops' }, ['edge.acme.berlin']],
    ['of an app', { kind: 'app', tenant: 'acme', name: 'web' }, ['edge.acme.berlin']],
    ['of a pool', { kind: 'pool', tenant: 'acme', name: 'web' }, ['edge.acme.berlin']],
    [
      'of a cluster',
      { kind: 'cluster', tenant: 'acme', name: 'prod' },
      ['edge.acme.berlin', 'edge.acme.tokyo', 'hub.a'],
    ],
  ])('%s concerns who is told of it', (_, change, expected) => {
    expect(agents(change)).toEqual(expected);
  });

  test('of who is let in changes no document of a hub or of another edge', () => {
    const fewer = { ...ACME, keys: ACME.keys.slice(1) };
    const [before, after] = [documents(estate()), documents(estate(fewer))];
    const changed = Object.keys(before).filter(
      (id) => JSON.stringify(before[id]) !== JSON.stringify(after[id]),
    );
    expect(changed).toEqual(['edge.acme.berlin']);
  });
});

test('an app of a group is called by the apps of its group alone, itself among them, wherever they run', () => {
  const of = (name: string, access: object) => ({
    ...app(name, ['prod']),
    template: AppTemplate.parse({ image: 'web:1', access }),
  });
  const apps = [
    of('web', { kind: 'group', group: 'shop', callers: [{ kind: 'prefix', prefix: '10.0.0.0/24' }] }),
    of('db', { kind: 'group', group: 'shop' }),
    of('job', { group: 'shop' }),
    of('other', { kind: 'group', group: 'blog' }),
  ];
  const leaves = documents(estate({ ...ACME, apps }))['edge.acme.berlin'] ?? {};
  const accessOf = (name: string) => {
    const leaf = leaves[`workload/prod/${name}`];
    return leaf?.kind === 'workload' ? leaf.template.access : undefined;
  };
  const members = ['db', 'job', 'web'].map((one) => ({ kind: 'app', app: one }));
  const enforcement = 'where_possible';
  expect(accessOf('web')).toEqual({
    kind: 'listed',
    callers: [{ kind: 'prefix', prefix: '10.0.0.0/24' }, ...members],
    enforcement,
  });
  expect(accessOf('db')).toEqual({ kind: 'listed', callers: members, enforcement });
  expect(accessOf('job')).toEqual({ kind: 'tenant', callers: [], enforcement });
  expect(accessOf('other')).toEqual({
    kind: 'listed',
    callers: [{ kind: 'app', app: 'other' }],
    enforcement,
  });
});

describe('where an app is reached', () => {
  const reached = (address: string, clusterName = 'prod') => ({
    cluster: clusterName,
    address,
    ports: [{ name: 'http', port: 8080 }],
  });
  const web = {
    ...app('web', ['prod']),
    template: AppTemplate.parse({ image: 'web:1', ports: [{ name: 'http', port: 8080 }] }),
    endpoints: [reached('10.0.0.7'), reached('172.17.0.2'), reached('10.0.0.8', 'test')],
  };
  const routes = [
    { name: 'shop', host: 'shop.example.com', path: '/', app: { name: 'web', port: 'http' } },
    { name: 'none', host: 'none.example.com', path: '/', app: { name: 'web', port: 'grpc' } },
  ];
  const prefixes = [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }];
  const sites = [site('acme', 'berlin', { prefixes }), site('acme', 'tokyo')];
  const shop = (isolation: 'open' | 'isolated' = 'open') =>
    documents(estate({ ...ACME, sites, apps: [web], routes, isolation }));
  const virtual = '100.65.0.7';

  test('is told to the edges of its site and to the hubs: what other sites can reach, in clusters that have replicas of it', () => {
    const leaf = {
      kind: 'apps',
      tenant: 'acme',
      site: 'berlin',
      apps: [
        { name: 'web', endpoints: [{ real: '10.0.0.7', virtual, ports: [{ name: 'http', port: 8080 }] }] },
      ],
    };
    expect(shop()['edge.acme.berlin']?.['apps/acme/berlin']).toEqual(leaf);
    expect(shop()['hub.a']?.['apps/acme/berlin']).toEqual(leaf);
    expect(Object.keys(shop()['edge.acme.tokyo'] ?? {})).not.toContain('apps/acme/berlin');
  });

  test('a route leads to the app by name, if the app has the port', () => {
    expect(shop()['hub.a']?.['routes/acme']).toEqual({
      kind: 'routes',
      tenant: 'acme',
      routes: [],
      apps: [{ name: 'shop', host: 'shop.example.com', path: '/', app: 'web', port: 'http' }],
    });
  });

  test('the gateway may come in to what its routes lead to, in an isolated tenant as well', () => {
    expect(shop('isolated')['edge.acme.berlin']?.policy).toMatchObject({
      flows: [{ to: [`${virtual}/32`], ports: [{ protocol: 'tcp', port: 8080 }] }],
    });
  });
});
