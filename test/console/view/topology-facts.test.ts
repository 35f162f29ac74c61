/** What the topology shows: how hubs see sites, with fresh and old words of theirs, and nothing of another tenant. */
import { expect, test } from 'vitest';
import { rateOf, type Told, topologyOf } from '../../../console/view/topology-facts.ts';

const NOW = '2026-03-01T12:02:00.000Z';
const FRESH = '2026-03-01T12:01:50.000Z';
const OLD = '2026-03-01T12:00:00.000Z';
const GOOD = [
  {
    type: 'Connected',
    status: 'True' as const,
    reason: 'HandshakeFresh',
    message: 'Up.',
    lastTransitionTime: FRESH,
  },
];

const tenant = (name: string, links: Told['tenants'][number]['edges'][number]['links']) => ({
  name,
  isolated: false,
  sites: [{ tenant: name, name: 'berlin', kind: 'datacenter' as const, conditions: GOOD }],
  edges: [{ tenant: name, site: 'berlin', name: 'e1', conditions: GOOD, links }],
  clusters: [{ name: 'prod', site: 'berlin' }],
});
const seenBy = (hub: string, up: boolean, observedAt: string) => ({ hub, up, observedAt });

test('a link is up or down as a hub said lately, and unknown if it said so long ago', () => {
  const links = [seenBy('b', false, FRESH), seenBy('a', true, FRESH), seenBy('c', true, OLD)];
  const { tenants } = topologyOf({ hubs: [], tenants: [tenant('t', links)] }, NOW);
  expect(tenants[0]?.sites[0]).toMatchObject({ clusters: ['prod'], edges: ['e1'], level: 'good' });
  expect(tenants[0]?.sites[0]?.links).toMatchObject([
    { hub: 'a', level: 'good', ageSeconds: 10 },
    { hub: 'b', level: 'bad', ageSeconds: 10 },
    { hub: 'c', level: 'unknown', ageSeconds: 120 },
  ]);
});

test('of several edges of a site one that is up will do', () => {
  const [one, other] = [tenant('t', [seenBy('a', false, FRESH)]), tenant('t', [seenBy('a', true, FRESH)])];
  const both = { ...one, edges: [...one.edges, ...other.edges] };
  expect(topologyOf({ hubs: [], tenants: [both] }, NOW).tenants[0]?.sites[0]?.links).toMatchObject([
    { hub: 'a', level: 'good' },
  ]);
});

test('traffic goes by the hub that an edge named, and what flows is that of all edges of the site', () => {
  const flowing = (hub: string, fromSite: number, toSite: number) => ({
    ...seenBy(hub, true, FRESH),
    rate: { fromSite, toSite },
  });
  const [one, other] = [
    tenant('t', [flowing('a', 10, 1), flowing('b', 0, 0)]),
    tenant('t', [flowing('a', 5, 2), seenBy('b', true, FRESH)]),
  ];
  const both = {
    ...one,
    edges: [...one.edges.map((edge) => ({ ...edge, activeHub: 'a' })), ...other.edges],
    clusters: [
      { name: 'untold', site: 'berlin' },
      { name: 'prod', site: 'berlin', rttMs: 12 },
    ],
  };
  const [site] = topologyOf({ hubs: [], tenants: [both] }, NOW).tenants[0]?.sites ?? [];
  expect(site?.links).toMatchObject([
    { hub: 'a', isActive: true, rate: { fromSite: 15, toSite: 3 } },
    { hub: 'b', isActive: false, rate: { fromSite: 0, toSite: 0 } },
  ]);
  expect(site?.rttMs).toBe(12);
  expect(site && rateOf(site)).toEqual({ fromSite: 15, toSite: 3 });
  expect(rateOf({ links: [] })).toBeUndefined();
});

test('a VPC is linked to the hub that it is described at, as that hub is', () => {
  const hubs = [{ name: 'hub1', conditions: GOOD, vpc: { tenant: 't', site: 'berlin' } }];
  const facts = topologyOf({ hubs, tenants: [tenant('t', []), tenant('other', [])] }, NOW);
  expect(facts.hubs).toMatchObject([{ name: 'hub1', vpc: 't/berlin', level: 'good' }]);
  expect(facts.tenants.map(({ name, sites }) => [name, sites[0]?.links.length])).toEqual([
    ['other', 0],
    ['t', 1],
  ]);
});
