/**
 * Policies compiled: what the destination's edge lets in, with ports (it keeps state), and which prefixes may
 * exchange packets at the hubs (they keep none). Policies only allow: one more never takes away a flow or a pair.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { Flow } from '../../protocol/document.ts';
import type { PolicyPort } from '../../protocol/policy.ts';
import type { Mapping } from '../../protocol/site.ts';
import { appsLeaf } from './endpoint.ts';
import { enrolledHubs, type HubFacts, mappingsOf, type PolicyFacts, type TenantEstate } from './estate.ts';
import { type NativePair, peersOf } from './native.ts';
import { distinctBy, sortedBy, sortedPrefixes } from './order.ts';
import { originsOf, type Place, portsAt, type Target, targetsOf } from './policy-end.ts';
import { appRoutes, servedRoutes } from './route.ts';

/** Prefixes that may exchange packets; both directions are listed. */
export type Pair = { readonly from: string; readonly to: string };

export interface FlowsInput {
  readonly tenant: TenantEstate;
  readonly site: string;
  readonly hubs: readonly HubFacts[];
  /** Native pairs in force. */
  readonly pairs: readonly NativePair[];
}

/** What may come into a site of an isolated tenant: its policies, and the gateways of the hubs for its routes. */
export function compileFlows(input: FlowsInput): Flow[] {
  if (input.tenant.isolation === 'open') return [];
  const flows = grantsOf(input.tenant).flatMap((grant) => flowsInto(grant, input));
  return sortedDistinct([...flows, ...gatewayFlows(input)]);
}

/** Pairs of a tenant that hubs bear; with more, none holds: too much to check is not allowed. */
export const PAIRS_MAX = 20_000;

/** What the hubs let pass in an isolated tenant, by exposed prefix: services and containers stand for the one that they lie in. */
export function compilePairs(tenant: TenantEstate): Pair[] {
  if (tenant.isolation === 'open' || pairCount(tenant) > PAIRS_MAX) return [];
  return bothWays(
    grantsOf(tenant).flatMap(({ origins, targets }) => product(exposedOf(origins), exposedOf(targets))),
  );
}

/** Real prefixes of native pairs that the hubs let pass; in an isolated tenant only where a policy joins the sites. */
export function compileNativePairs(tenant: TenantEstate, pairs: readonly NativePair[]): Pair[] {
  const own = pairs.filter((pair) => pair.tenant === tenant.name);
  const joined = (a: string, b: string) =>
    grantsOf(tenant).some(
      ({ origins, targets }) =>
        origins.some(({ site }) => site === a) && targets.some(({ site }) => site === b),
    );
  const allowed = own.filter(({ a, b }) => tenant.isolation === 'open' || joined(a, b) || joined(b, a));
  return bothWays(
    allowed.flatMap(({ a, b }) => product(realsOf(mappingsOf(tenant, a)), realsOf(mappingsOf(tenant, b)))),
  );
}

/** A policy with its ends as places. */
export interface Grant {
  readonly policy: PolicyFacts;
  readonly origins: readonly Place[];
  readonly targets: readonly Target[];
  readonly ports: readonly PolicyPort[];
}

const GRANTS = new WeakMap<TenantEstate, readonly Grant[]>();

/** Of all policies; made once for a tenant, because each of its many edges asks. */
export function grantsOf(tenant: TenantEstate): readonly Grant[] {
  const known = GRANTS.get(tenant);
  if (known !== undefined) return known;
  const grants = tenant.policies.map((policy) => ({
    policy,
    origins: originsOf(policy.from, tenant),
    targets: targetsOf(policy.to, tenant),
    ports: policy.ports,
  }));
  GRANTS.set(tenant, grants);
  return grants;
}

export function flowsInto(
  { origins, targets, ports }: Pick<Grant, 'origins' | 'targets' | 'ports'>,
  { tenant, site, pairs }: FlowsInput,
): Flow[] {
  if (origins.length === 0) return [];
  const peers = new Set(peersOf({ tenant: tenant.name, name: site }, pairs));
  const near = origins.filter((origin) => peers.has(origin.site));
  return byPorts(targets, { site, ports }).flatMap(({ here, open }) => {
    const virtual = { from: virtualsOf(origins), to: virtualsOf(here), ports: [...open] };
    return near.length === 0
      ? [virtual]
      : [virtual, { from: realsOf(near), to: realsOf(here), ports: [...open] }];
  });
}

/** Targets at the site by what is open of them: one flow each. */
export function byPorts(
  targets: readonly Target[],
  { site, ports }: { readonly site: string; readonly ports: readonly PolicyPort[] },
) {
  const groups = new Map<string, { readonly here: Target[]; readonly open: readonly PolicyPort[] }>();
  for (const target of targets) {
    const open = target.site === site ? portsAt(ports, target) : undefined;
    if (open === undefined) continue;
    const sorted = sortedDistinct(open);
    const key = canonicalJson(sorted);
    const group = groups.get(key) ?? { here: [], open: sorted };
    group.here.push(target);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A hub's gateway speaks to a routed service or app from the hub's own tunnel address. */
export function gatewayFlows({ tenant, site, hubs }: FlowsInput): Flow[] {
  const from = sortedPrefixes(enrolledHubs(hubs).map((hub) => `${hub.tunnelAddress}/32`));
  if (from.length === 0) return [];
  const services = servedRoutes(tenant)
    .filter(({ service }) => service.site === site)
    .map(({ service, address }) => ({ address, protocol: service.protocol, port: service.port }));
  const apps = appsLeaf(tenant, site)?.apps ?? [];
  const endpoints = appRoutes(tenant).flatMap(({ app: { name, port } }) => {
    const found = apps.find((one) => one.name === name)?.endpoints ?? [];
    return found.flatMap(({ virtual, ports }) =>
      ports
        .filter((one) => one.name === port)
        .map((one) => ({ address: virtual, protocol: 'tcp' as const, port: one.port })),
    );
  });
  return [...services, ...endpoints].map(({ address, protocol, port }) => ({
    from,
    to: [`${address}/32`],
    ports: [{ protocol, port }],
  }));
}

function exposedOf(places: readonly Place[]): string[] {
  return virtualsOf(places.map(({ mapping }) => mapping));
}

export function virtualsOf(mappings: readonly Pick<Mapping, 'virtual'>[]): string[] {
  return sortedPrefixes(mappings.map(({ virtual }) => virtual));
}

export function realsOf(mappings: readonly Pick<Mapping, 'real'>[]): string[] {
  return sortedPrefixes(mappings.map(({ real }) => real));
}

function product(from: readonly string[], to: readonly string[]): Pair[] {
  return from.flatMap((one) => to.map((other) => ({ from: one, to: other })));
}

function bothWays(pairs: readonly Pair[]): Pair[] {
  return sortedDistinct(
    pairs.flatMap(({ from, to }) => [
      { from, to },
      { from: to, to: from },
    ]),
  );
}

export function sortedDistinct<T extends Flow | Pair | PolicyPort | Omit<Flow, 'from'>>(
  list: readonly T[],
): T[] {
  const keyed = list.map((item) => ({ item, text: canonicalJson(item) }));
  return sortedBy(
    distinctBy(keyed, ({ text }) => text),
    ({ text }) => text,
  ).map(({ item }) => item);
}

const PAIR_COUNTS = new WeakMap<TenantEstate, number>();

/** Counted before any is made, and once for a tenant: each explanation asks. */
export function pairCount(tenant: TenantEstate): number {
  const known = PAIR_COUNTS.get(tenant);
  if (known !== undefined) return known;
  const count = countPairs(tenant);
  PAIR_COUNTS.set(tenant, count);
  return count;
}

function countPairs(tenant: TenantEstate): number {
  return grantsOf(tenant).reduce(
    (sum, { origins, targets }) => sum + 2 * exposedOf(origins).length * exposedOf(targets).length,
    0,
  );
}
