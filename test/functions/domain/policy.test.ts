/** What an isolated tenant lets through, held against an oracle that asks about two addresses at a time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Estate, mappingsOf, type TenantEstate } from '../../../functions/domain/estate.ts';
import { nativePairs } from '../../../functions/domain/native.ts';
import {
  compileFlows,
  compileNativePairs,
  compilePairs,
  PAIRS_MAX,
  pairCount,
} from '../../../functions/domain/policy.ts';
import { virtualAddress } from '../../../functions/domain/service.ts';
import { containsAddress, parseAddress, parsePrefix } from '../../../protocol/address.ts';
import type { Flow } from '../../../protocol/document.ts';
import { estates, site, tenant } from './estates.ts';

fc.configureGlobal({ seed: 73 });

const isolated = (estate: Estate): TenantEstate[] =>
  estate.tenants.map((one) => ({ ...one, isolation: 'isolated' as const }));

const pairsOf = (one: TenantEstate) =>
  nativePairs(one.sites.map((site) => ({ ...site, prefixes: site.prefixes.map(({ real }) => real) })));

interface Place {
  readonly site: string;
  readonly address: string;
}

interface Question {
  readonly from: Place;
  readonly to: Place;
  readonly port: number;
}

/** The first address of each virtual prefix, with its site, and the addresses of services. */
function addressesOf(one: TenantEstate): Place[] {
  const firsts = one.sites.flatMap((site) =>
    site.prefixes.map(({ virtual }) => ({ site: site.name, address: virtual.split('/')[0] ?? '' })),
  );
  const services = one.services.flatMap((service) => {
    const address = virtualAddress(service.address, mappingsOf(one, service.site));
    return address === undefined ? [] : [{ site: service.site, address }];
  });
  return [...firsts, ...services];
}

/** From the policies' own words: may this address speak to that one? */
function isAllowed(one: TenantEstate, { from, to, port }: Question): boolean {
  return one.policies.some((policy) => {
    if (policy.from.site !== from.site || policy.to.site !== to.site) return false;
    const named = one.services.find(
      (service) => service.site === to.site && service.name === policy.to.service,
    );
    if (policy.to.service === undefined)
      return (
        policy.ports.length === 0 ||
        policy.ports.some((each) => each.protocol === 'tcp' && each.port === port)
      );
    if (!named || virtualAddress(named.address, mappingsOf(one, to.site)) !== to.address) return false;
    const ports = policy.ports.length > 0 ? policy.ports : [named];
    return ports.some((each) => each.protocol === 'tcp' && each.port === port);
  });
}

function lets(flows: readonly Flow[], { from, to, port }: Question): boolean {
  const within = (prefixes: readonly string[], address: string) =>
    prefixes.some((prefix) => containsAddress(parsePrefix(prefix), parseAddress(address)));
  return flows.some(
    (flow) =>
      within(flow.from, from.address) &&
      within(flow.to, to.address) &&
      (flow.ports.length === 0 || flow.ports.some((each) => each.protocol === 'tcp' && each.port === port)),
  );
}

describe('an isolated tenant', () => {
  test('lets in at an edge what a policy says, and nothing else', () => {
    fc.assert(
      fc.property(estates, fc.constantFrom(22, 80, 443, 5432), (estate, port) => {
        for (const one of isolated(estate)) {
          const all = addressesOf(one);
          for (const to of all) {
            const flows = compileFlows({ tenant: one, site: to.site, hubs: [], pairs: [] });
            for (const from of all)
              expect(lets(flows, { from, to, port })).toBe(isAllowed(one, { from, to, port }));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('has pairs at the hubs for just the sites that a policy joins, in both directions', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        for (const one of isolated(estate)) {
          const pairs = compilePairs(one);
          const has = (from: string, to: string) =>
            pairs.some((pair) => pair.from === from && pair.to === to);
          const homes = homesOf(one);
          for (const a of homes)
            for (const b of homes)
              expect(has(a.mapping.virtual, b.mapping.virtual)).toBe(joins(one, a, b) || joins(one, b, a));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('adding a policy never removes a flow or a pair', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        for (const one of isolated(estate)) {
          const fewer = { ...one, policies: one.policies.slice(1) };
          const pairs = pairsOf(one);
          expect(compilePairs(one)).toEqual(expect.arrayContaining(compilePairs(fewer)));
          expect(compileNativePairs(one, pairs)).toEqual(
            expect.arrayContaining(compileNativePairs(fewer, pairs)),
          );
          for (const { name } of one.sites) {
            const input = { site: name, hubs: estate.hubs, pairs };
            const more = compileFlows({ ...input, tenant: one });
            expect(more).toEqual(expect.arrayContaining(compileFlows({ ...input, tenant: fewer })));
          }
        }
      }),
    );
  });

  test('has native pairs only where a policy joins the two sites; an open one has them all', () => {
    fc.assert(
      fc.property(estates, (estate) => {
        for (const one of isolated(estate)) {
          const pairs = pairsOf(one);
          const count = (tenant: TenantEstate) => compileNativePairs(tenant, pairs).length;
          const expected = (allowed: (a: string, b: string) => boolean) =>
            pairs
              .filter(({ a, b }) => allowed(a, b))
              .reduce((sum, { a, b }) => sum + 2 * mappingsOf(one, a).length * mappingsOf(one, b).length, 0);
          const isJoined = (a: string, b: string) =>
            homesOf(one).some((x) =>
              homesOf(one).some(
                (y) => x.site === a && y.site === b && (joins(one, x, y) || joins(one, y, x)),
              ),
            );
          expect(count(one)).toBe(expected(isJoined));
          expect(count({ ...one, isolation: 'open' })).toBe(expected(() => true));
        }
      }),
    );
  });
});

test('an open tenant lists no flows and no pairs', () => {
  fc.assert(
    fc.property(estates, (estate) => {
      for (const one of estate.tenants.filter((each) => each.isolation === 'open')) {
        expect(compilePairs(one)).toEqual([]);
        for (const { name } of one.sites)
          expect(compileFlows({ tenant: one, site: name, hubs: estate.hubs, pairs: pairsOf(one) })).toEqual(
            [],
          );
      }
    }),
  );
});

interface Home {
  readonly site: string;
  readonly mapping: { readonly real: string; readonly virtual: string };
}

function homesOf(one: TenantEstate): Home[] {
  return one.sites.flatMap((site) => site.prefixes.map((mapping) => ({ site: site.name, mapping })));
}

/** A policy from the one to the other, or to a service in that very prefix. */
function joins(one: TenantEstate, from: Home, to: Home): boolean {
  return one.policies.some((policy) => {
    if (policy.from.site !== from.site || policy.to.site !== to.site) return false;
    if (policy.to.service === undefined) return true;
    const named = one.services.find(
      (service) => service.site === to.site && service.name === policy.to.service,
    );
    return named !== undefined && containsAddress(parsePrefix(to.mapping.real), parseAddress(named.address));
  });
}

describe('a tenant with more pairs than a hub bears', () => {
  test('is closed, not open: none of them holds', () => {
    const prefixes = (third: number) =>
      Array.from({ length: 64 }, (_, index) => ({
        real: `10.${third}.${index}.0/24`,
        virtual: `100.${64 + third}.${index}.0/24`,
      }));
    const sites = [site('red', 'a', { prefixes: prefixes(1) }), site('red', 'b', { prefixes: prefixes(2) })];
    const policies = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `p${index}`,
        from: { site: 'a' },
        to: { site: 'b' },
        ports: [],
      }));
    const one = (count: number) => tenant('red', { isolation: 'isolated', sites, policies: policies(count) });
    expect(compilePairs(one(2)).length).toBeGreaterThan(0);
    expect(pairCount(one(3))).toBeGreaterThan(PAIRS_MAX);
    expect(compilePairs(one(3))).toEqual([]);
  });
});
