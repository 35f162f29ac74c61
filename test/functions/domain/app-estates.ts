/** Random tenants with apps in clusters at three sites, one of them public: where they speak from, where they are reached, and who may call them. */
import fc from 'fast-check';
import type { AppFacts, ClusterPlace, TenantEstate } from '../../../functions/domain/estate.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import { ClusterAccess } from '../../../protocol/cluster.ts';
import { nodeRulesOf, Placement } from '../../../protocol/placement.ts';
import { site, tenant } from './estates.ts';

export const HTTP = 8080;
/** Ports that nodes publish it at. */
const PUBLISHED = 18_080;

const SITES = ['berlin', 'cloud', 'tokyo'];
const CLUSTERS = SITES.map((name) => `${name}-prod`);

function clusterAt(at: string): ClusterPlace {
  return {
    name: `${at}-prod`,
    kind: 'docker',
    site: at,
    agent: `edge.acme.${at}`,
    access: ClusterAccess.parse({}),
    issuer: { id: '0123456789abcdef', publicKey: 'a2V5' },
    record: 'none',
    knowsBindings: true,
    knowsBrowsers: true,
  };
}

const apps = ['web', 'api', 'db'];
const groups = ['blue', 'green'];

const access = fc.oneof(
  fc.constant({ kind: 'tenant' }),
  fc.record({ kind: fc.constant('group'), group: fc.constantFrom(...groups) }),
  fc.record({
    kind: fc.constant('listed'),
    group: fc.constantFrom(undefined, ...groups),
    callers: fc.subarray(apps).map((names) => names.map((app) => ({ kind: 'app', app }))),
  }),
);

/** By containers' own addresses, or by ports of nodes: then nobody can tell who speaks. */
function appOf(name: string, index: number) {
  return fc
    .record({
      access,
      clusters: fc.subarray(CLUSTERS),
      isOwn: fc.boolean(),
      residency: fc.constantFrom('inside' as const, 'anywhere' as const),
    })
    .map(({ access: callers, clusters, isOwn, residency }): AppFacts => {
      const places = clusters.map((cluster, at) => ({
        cluster,
        address: isOwn ? `10.9.${index}.${at + 1}` : '10.9.8.1',
      }));
      const port = isOwn ? HTTP : PUBLISHED + index;
      return {
        name,
        release: 1,
        namespace: 'acme',
        assignments: clusters.map((cluster) => ({ cluster, replicas: 1 })),
        endpoints: places.map((place) => ({ ...place, ports: [{ name: 'http', port }] })),
        origins: isOwn ? places : [],
        residency,
        nodes: nodeRulesOf(Placement.parse({})),
        template: AppTemplate.parse({
          image: 'web:1',
          ports: [{ name: 'http', port: HTTP }],
          access: callers,
        }),
      };
    });
}

const end = fc.oneof(
  fc.record({ site: fc.constantFrom(...SITES) }),
  fc.record({ app: fc.constantFrom(...apps) }),
  fc.record({ group: fc.constantFrom(...groups) }),
);

const policies = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('p', 'q', 'r'),
    from: end,
    to: end,
    ports: fc.subarray([
      { protocol: 'tcp' as const, port: HTTP },
      { protocol: 'tcp' as const, port: 22 },
    ]),
  }),
  { selector: ({ name }) => name },
);

/** All sites have one and the same range: only virtual addresses tell them apart. */
export const appEstates: fc.Arbitrary<TenantEstate> = fc
  .record({
    isolation: fc.constantFrom('open' as const, 'isolated' as const),
    apps: fc.tuple(...apps.map(appOf)),
    policies,
  })
  .map(({ isolation, apps: all, policies: some }) =>
    tenant('acme', {
      isolation,
      sites: SITES.map((name, index) =>
        site('acme', name, {
          kind: name === 'cloud' ? 'vpc' : 'datacenter',
          prefixes: [{ real: '10.9.0.0/16', virtual: `100.${70 + index}.0.0/16` }],
        }),
      ),
      clusters: SITES.map(clusterAt),
      apps: all,
      policies: some,
    }),
  );
