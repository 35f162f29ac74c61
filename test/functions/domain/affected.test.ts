/** Whom a change concerns: held against compiling everything before and after it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affectedAgents, type ChangedItem } from '../../../functions/domain/affected.ts';
import type { Estate, TenantEstate } from '../../../functions/domain/estate.ts';
import { documents, edge, estates, hub, site, tenant } from './estates.ts';

fc.configureGlobal({ seed: 73 });

function textsOf(estate: Estate): Map<string, string> {
  return new Map(Object.entries(documents(estate)).map(([id, leaves]) => [id, JSON.stringify(leaves)]));
}

/** One change of an estate, as an item's key and what is there afterwards. */
type Changed = { change: ChangedItem; after: Estate };

function changesOf(estate: Estate): Changed[] {
  const [hubChanged] = estate.hubs;
  const inTenants = estate.tenants.flatMap((one) =>
    changesIn(one).map(({ change, after }) => ({
      change,
      after: { ...estate, tenants: estate.tenants.map((other) => (other.name === one.name ? after : other)) },
    })),
  );
  if (!hubChanged) return inTenants;
  const moved = { ...hubChanged, endpoint: '203.0.113.9:51820' };
  const change: ChangedItem = { kind: 'hub', tenant: '*', name: hubChanged.name };
  return [...inTenants, { change, after: { ...estate, hubs: [moved, ...estate.hubs.slice(1)] } }];
}

function changesIn(one: TenantEstate): { change: ChangedItem; after: TenantEstate }[] {
  const without = <T>(list: readonly T[]) => list.slice(1);
  const change = (kind: ChangedItem['kind'], name: string | undefined, after: Partial<TenantEstate>) =>
    name === undefined ? [] : [{ change: { kind, tenant: one.name, name }, after: { ...one, ...after } }];
  const [firstSite, ...sites] = one.sites;
  const [service] = one.services;
  const bare = firstSite && { ...firstSite, prefixes: firstSite.prefixes.slice(1), native: [] };
  return [
    ...change('site', firstSite?.name, { sites: bare ? [bare, ...sites] : [] }),
    ...change('service', service && `${service.site}/${service.name}`, { services: without(one.services) }),
    ...change('policy', one.policies[0]?.name, { policies: without(one.policies) }),
    ...change('route', one.routes[0]?.name, { routes: without(one.routes) }),
    ...change('edge', one.edges[0]?.name, { edges: without(one.edges) }),
    {
      change: { kind: 'tenant', tenant: '*', name: one.name },
      after: { ...one, isolation: one.isolation === 'open' ? 'isolated' : 'open' },
    },
  ];
}

test('nobody whose document changes is left out', () => {
  fc.assert(
    fc.property(estates, (estate) => {
      const before = textsOf(estate);
      for (const { change, after } of changesOf(estate)) {
        const named = affectedAgents(change, after);
        const texts = textsOf(after);
        for (const [id, text] of texts)
          if (before.get(id) !== text)
            expect([change, named]).toEqual([change, expect.arrayContaining([id])]);
      }
    }),
    { numRuns: 200 },
  );
});

/** In the order in which they ask for proofs of isolation. */
const SITES = ['bonn', 'cork', 'lyon', 'oslo', 'pisa', 'rome'];
const EDGES = SITES.map((name) => `edge.red.${name}`);
/** Of oslo. */
const ASKERS = EDGES.slice(0, 3);

describe('a change concerns few', () => {
  const red = tenant('red', {
    sites: SITES.map((name) => site('red', name)),
    edges: SITES.map((name) => edge('red', name)),
  });
  const estate = { hubs: [hub('a')], tenants: [red, tenant('blue', { edges: [edge('blue', 'kyiv')] })] };
  const named = (kind: ChangedItem['kind'], name: string) =>
    affectedAgents({ kind, tenant: kind === 'tenant' || kind === 'hub' ? '*' : 'red', name }, estate);

  test.each<[ChangedItem['kind'], string, string[]]>([
    ['site', 'oslo', [...ASKERS, 'edge.red.oslo', 'hub.a']],
    ['service', 'oslo/db', ['edge.red.oslo', 'hub.a']],
    ['edge', 'oslo', [...ASKERS, 'edge.red.oslo', 'hub.a']],
    ['route', 'r', ['hub.a']],
    ['policy', 'p', ['hub.a']],
    ['token', 't', []],
    ['key', 'k', []],
    ['tenant', 'red', [...EDGES, 'hub.a']],
    ['hub', 'a', ['edge.blue.kyiv', ...EDGES, 'hub.a']],
  ])('%s', (kind, name, expected) => {
    expect(named(kind, name)).toEqual(expected);
  });

  test('a deleted edge is named itself, with those that may take over its prefixes', () => {
    expect(named('edge', 'gone')).toEqual([...EDGES, 'edge.red.gone', 'hub.a'].sort());
  });

  test('an edge that is put in quarantine is named with all who may have asked it', () => {
    const quarantined = {
      ...red,
      edges: red.edges.map((one) => (one.name === 'oslo' ? { ...one, quarantined: true } : one)),
    };
    const told = affectedAgents(
      { kind: 'edge', tenant: 'red', name: 'oslo' },
      { hubs: estate.hubs, tenants: [quarantined] },
    );
    expect(told).toEqual([...EDGES, 'hub.a'].sort());
  });

  test('policies of an isolated tenant may make anybody ask an edge, so all are named', () => {
    const policy = { tenant: 'red', name: 'p', from: { site: 'bonn' }, to: { site: 'cork' }, ports: [] };
    const isolated = { ...red, isolation: 'isolated' as const, policies: [policy] };
    const told = affectedAgents(
      { kind: 'edge', tenant: 'red', name: 'oslo' },
      { hubs: estate.hubs, tenants: [isolated] },
    );
    expect(told).toEqual([...EDGES, 'hub.a'].sort());
  });
});
