/**
 * Policies compiled: what the destination's edge lets in, with ports (it keeps state), and which prefixes may
 * exchange packets at the hubs (they keep none). Policies only allow: one more never takes away a flow or a pair.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { Flow, PolicyLeaf } from '../../protocol/document.ts';
import type { Mapping } from '../../protocol/site.ts';
import { appsLeaf } from './endpoint.ts';
import { enrolledHubs, type HubFacts, mappingsOf, type PolicyFacts, type TenantEstate } from './estate.ts';
import { type NativePair, peersOf } from './native.ts';
import { distinctBy, sortedBy, sortedPrefixes } from './order.ts';
import { appRoutes, servedRoutes } from './route.ts';
import { virtualAddress } from './service.ts';

/** Prefixes that may exchange packets; both directions are listed. */
export type Pair = { readonly from: string; readonly to: string };

export interface FlowsInput {
  readonly tenant: TenantEstate;
  readonly site: string;
  readonly hubs: readonly HubFacts[];
  /** Native pairs in force. */
  readonly pairs: readonly NativePair[];
}

/** The policy leaf of a site's edges: an open tenant's edge leaves the question to the hubs. */
export function policyLeaf(input: FlowsInput): PolicyLeaf {
  const inbound = input.tenant.isolation === 'open' ? 'tenant' : 'listed';
  return { kind: 'policy', inbound, flows: compileFlows(input) };
}

/** What may come into a site of an isolated tenant: its policies, and the gateways of the hubs for its routes. */
export function compileFlows(input: FlowsInput): Flow[] {
  if (input.tenant.isolation === 'open') return [];
  const inward = input.tenant.policies.filter((policy) => policy.to.site === input.site);
  const flows = [...inward.flatMap((policy) => flowsOf(policy, input)), ...gatewayFlows(input)];
  return sortedDistinct(flows);
}

/** What the hubs let pass in an isolated tenant, by prefix: a service stands for the prefix it lies in. */
/** Pairs of a tenant that hubs bear; with more, none holds: too much to check is not allowed. */
export const PAIRS_MAX = 20_000;

export function compilePairs(tenant: TenantEstate): Pair[] {
  if (tenant.isolation === 'open' || pairCount(tenant) > PAIRS_MAX) return [];
  return bothWays(
    tenant.policies.flatMap((policy) => {
      const target = targetOf(policy, tenant);
      return product(virtualsOf(mappingsOf(tenant, policy.from.site)), virtualsOf(target?.mappings ?? []));
    }),
  );
}

/** Real prefixes of native pairs that the hubs let pass; in an isolated tenant only where a policy joins the sites. */
export function compileNativePairs(tenant: TenantEstate, pairs: readonly NativePair[]): Pair[] {
  const own = pairs.filter((pair) => pair.tenant === tenant.name);
  const allowed = own.filter(
    ({ a, b }) =>
      tenant.isolation === 'open' ||
      tenant.policies.some(
        ({ from, to }) => [a, b].includes(from.site) && [a, b].includes(to.site) && from.site !== to.site,
      ),
  );
  return bothWays(
    allowed.flatMap(({ a, b }) => product(realsOf(mappingsOf(tenant, a)), realsOf(mappingsOf(tenant, b)))),
  );
}

/** A policy's destination: the mappings concerned, and what of them by virtual and by real address. */
interface Target {
  readonly mappings: readonly Mapping[];
  readonly virtual: string[];
  readonly real: string[];
  readonly ports: Flow['ports'];
}

function targetOf(policy: PolicyFacts, tenant: TenantEstate): Target | undefined {
  const mappings = mappingsOf(tenant, policy.to.site);
  const name = policy.to.service;
  if (name === undefined)
    return { mappings, virtual: virtualsOf(mappings), real: realsOf(mappings), ports: policy.ports };
  const service = tenant.services.find((one) => one.site === policy.to.site && one.name === name);
  const held =
    service && mappings.filter((mapping) => virtualAddress(service.address, [mapping]) !== undefined);
  const address = service && virtualAddress(service.address, mappings);
  if (!service || !held || address === undefined) return undefined;
  const own = [{ protocol: service.protocol, port: service.port }];
  const ports = policy.ports.length > 0 ? policy.ports : own;
  return { mappings: held, virtual: [`${address}/32`], real: [`${service.address}/32`], ports };
}

function flowsOf(policy: PolicyFacts, { tenant, site, pairs }: FlowsInput): Flow[] {
  const target = targetOf(policy, tenant);
  const source = mappingsOf(tenant, policy.from.site);
  if (!target || target.mappings.length === 0 || source.length === 0) return [];
  const ports = sortedDistinct(target.ports);
  const virtual = { from: virtualsOf(source), to: target.virtual, ports };
  const isNative = peersOf({ tenant: tenant.name, name: site }, pairs).includes(policy.from.site);
  return isNative ? [virtual, { from: realsOf(source), to: target.real, ports }] : [virtual];
}

/** A hub's gateway speaks to a routed service or app from the hub's own tunnel address. */
function gatewayFlows({ tenant, site, hubs }: FlowsInput): Flow[] {
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

function virtualsOf(mappings: readonly Mapping[]): string[] {
  return sortedPrefixes(mappings.map(({ virtual }) => virtual));
}

function realsOf(mappings: readonly Mapping[]): string[] {
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

function sortedDistinct<T extends Flow | Pair | Flow['ports'][number]>(list: readonly T[]): T[] {
  const keyed = list.map((item) => ({ item, text: canonicalJson(item) }));
  return sortedBy(
    distinctBy(keyed, ({ text }) => text),
    ({ text }) => text,
  ).map(({ item }) => item);
}

/** Counted before any is made. */
export function pairCount(tenant: TenantEstate): number {
  return tenant.policies.reduce((sum, policy) => {
    const target = targetOf(policy, tenant)?.mappings ?? [];
    return sum + 2 * mappingsOf(tenant, policy.from.site).length * target.length;
  }, 0);
}
