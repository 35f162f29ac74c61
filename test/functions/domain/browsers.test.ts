/** Public names of clusters: nobody takes another's, and what is missing for a browser is said precisely. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { browserAccess, isClusterName, publicHost } from '../../../functions/domain/browsers.ts';
import type { ClusterPlace, Estate } from '../../../functions/domain/estate.ts';
import { checkRoute } from '../../../functions/domain/route.ts';
import { type CertificateTold, ClusterAccess, ClusterDomain } from '../../../protocol/cluster.ts';
import { Name } from '../../../protocol/metadata.ts';
import { DEPLOYMENT, documents, edge, hub, site, tenant } from './estates.ts';

const DOMAIN = 'clusters.example.com';
const BROWSERS = { domain: DOMAIN, origins: ['https://console.example.com'] };
const NOW = '2026-05-01T00:00:00Z';

function cluster(name: string, kind: ClusterPlace['kind'] = 'kubernetes'): ClusterPlace {
  const issuer = { id: 'i', publicKey: 'k' };
  const access = ClusterAccess.parse({});
  return {
    name,
    kind,
    site: 'berlin',
    agent: 'edge.acme.berlin',
    access,
    issuer,
    record: 'none',
    knowsBindings: true,
    knowsBrowsers: true,
  };
}

const SERVICE = { site: 'berlin', name: 'web', address: '10.0.0.5', port: 80, protocol: 'tcp' as const };
const ROUTE = { name: 'web', path: '/', service: { site: 'berlin', name: 'web' } };
const ACME = tenant('acme', {
  sites: [site('acme', 'berlin', { prefixes: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }] })],
  edges: [edge('acme', 'berlin')],
  clusters: [cluster('prod'), cluster('swarm', 'swarm')],
  services: [SERVICE],
  routes: [
    { ...ROUTE, host: 'prod.acme.clusters.example.com' },
    { ...ROUTE, name: 'shop', host: 'shop.example.com' },
  ],
});
const estate = (browsers?: typeof BROWSERS): Estate => ({
  deployment: { ...DEPLOYMENT, browsers },
  hubs: [hub('a')],
  tenants: [ACME],
});

describe('the public name of a cluster', () => {
  const name = fc
    .stringMatching(/^[a-z]([a-z0-9-]{0,5}[a-z0-9])?$/)
    .filter((one) => Name.safeParse(one).success);

  test('is of one cluster of one tenant, and below the domain', () => {
    fc.assert(
      fc.property(fc.tuple(name, name), fc.tuple(name, name), (one, other) => {
        const [a, b] = [publicHost(...one, DOMAIN), publicHost(...other, DOMAIN)];
        expect(a === b).toBe(one.join('/') === other.join('/'));
        expect(isClusterName(a, DOMAIN)).toBe(true);
      }),
    );
  });

  test.each([
    ['clusters.example.com', true],
    ['a.clusters.example.com', true],
    ['prod.acme.clusters.example.com', true],
    ['xclusters.example.com', false],
    ['example.com', false],
    ['clusters.example.com.evil.example', false],
  ])('has its domain to itself: %s is %s', (host, isOne) => {
    expect(isClusterName(host, DOMAIN)).toBe(isOne);
    const refusal = checkRoute(
      { ...ROUTE, host },
      { services: [SERVICE], routes: [], clusterDomain: DOMAIN },
    );
    expect(refusal?.errors?.[0]?.pointer).toBe(isOne ? '/spec/host' : undefined);
    expect(checkRoute({ ...ROUTE, host }, { services: [SERVICE], routes: [] })).toBeUndefined();
  });

  test.each([
    ['clusters.example.com', true],
    ['isthmus.internal', false],
    ['clusters.isthmus.internal', false],
    ['example', false],
    ['Clusters.example.com', false],
    ['clusters.example.com.', false],
    ['*.example.com', false],
  ])('can stand below %s: %s', (domain, isOne) => {
    expect(ClusterDomain.safeParse(domain).success).toBe(isOne);
  });
});

describe('documents', () => {
  test('name it and the origins of the console to the edge, for what is passed on alone', () => {
    const leaves = documents(estate(BROWSERS))['edge.acme.berlin'] ?? {};
    const of = (leaf: string) => {
      const found = leaves[leaf];
      return found?.kind === 'cluster' ? found.browsers : 'no leaf';
    };
    expect([of('cluster/prod'), of('cluster/swarm')]).toEqual([
      { host: 'prod.acme.clusters.example.com', origins: ['https://console.example.com'] },
      undefined,
    ]);
  });

  test('lead it to the same edge as the internal name, at every hub, and no route by it any more', () => {
    const leaves = documents(estate(BROWSERS))['hub.a'] ?? {};
    const { 'clusters/acme': clusters, 'routes/acme': routes } = leaves;
    const [internal, , named] = clusters?.kind === 'clusters' ? clusters.clusters : [];
    expect(clusters?.kind === 'clusters' && clusters.clusters.map(({ host }) => host)).toEqual([
      'prod.acme.clusters.example.com',
      'prod.acme.clusters.isthmus.internal',
      'swarm.acme.clusters.isthmus.internal',
    ]);
    expect(internal?.address).toBe(named?.address);
    expect(routes?.kind === 'routes' && routes.routes.map(({ host }) => host)).toEqual(['shop.example.com']);
  });

  test('say nothing of it without a domain, so that earlier agents take them', () => {
    const all = documents(estate());
    expect(JSON.stringify(all)).not.toContain('browsers');
    expect(JSON.stringify(all['hub.a']?.['clusters/acme'])).not.toContain('example.com');
  });
});

describe('what is missing for a browser', () => {
  const served: CertificateTold = {
    state: 'served',
    until: '2026-06-01T00:00:00Z',
    detail: 'It serves one.',
  };
  const all = { kind: 'kubernetes' as const, host: 'h', isEdgeLive: true, told: served, now: NOW };

  test.each([
    ['nothing', {}, 'ready'],
    ['a domain', { host: undefined }, 'no_domain'],
    [
      'a cluster that is passed on, before all else',
      { kind: 'docker' as const, host: undefined },
      'not_passed_on',
    ],
    ['an edge', { isEdgeLive: false, told: undefined }, 'no_edge'],
    ['the word of the edge', { told: undefined }, 'not_told'],
    ['a certificate', { told: { state: 'absent' as const, detail: 'There is none.' } }, 'absent'],
    ['another certificate', { told: { ...served, state: 'other_names' as const } }, 'other_names'],
    ['a newer one, whatever the edge said when it told', { now: '2026-06-01T00:00:01Z' }, 'expired'],
  ])('is %s', (_, over, state) => {
    const said = browserAccess({ ...all, ...over });
    expect(said.state).toBe(state);
    expect(said.detail.length).toBeGreaterThan(5);
  });
});
