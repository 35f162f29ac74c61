/** What a policy leaf and the hubs' pairs do with one packet: a second opinion beside the firewall's text. */
import type { TenantEstate } from '../../../functions/domain/estate.ts';
import { virtualAddress } from '../../../functions/domain/service.ts';
import { containsAddress, parseAddress, parsePrefix } from '../../../protocol/address.ts';
import type { Flow, PolicyLeaf } from '../../../protocol/document.ts';

/** A real address at a site. */
export interface Spot {
  readonly site: string;
  readonly address: string;
}

export function siteOf(one: TenantEstate, cluster: string): string {
  return one.clusters.find(({ name }) => name === cluster)?.site ?? '';
}

export function within(prefixes: readonly string[], address: string): boolean {
  return prefixes.some((prefix) => containsAddress(parsePrefix(prefix), parseAddress(address)));
}

function names(flow: Flow, { from, to, port }: { from: string; to: string; port: number }): boolean {
  const isPort =
    flow.ports.length === 0 || flow.ports.some((one) => one.protocol === 'tcp' && one.port === port);
  return isPort && within(flow.from, from) && within(flow.to, to);
}

/** What the destination's edge does by its leaf. */
export function lets(
  { inbound, flows, guarded = [], callers = [] }: PolicyLeaf,
  way: { from: string; to: string; port: number },
) {
  const isGuarded = guarded.some((one) => names({ ...one, from: ['0.0.0.0/0'] }, way));
  if (isGuarded && !callers.some((flow) => names(flow, way))) return false;
  return inbound === 'tenant' || flows.some((flow) => names(flow, way));
}

export function virtualOf(one: TenantEstate, { site, address }: Spot): string {
  const virtual = virtualAddress(address, one.sites.find(({ name }) => name === site)?.prefixes ?? []);
  if (virtual === undefined) throw new Error(`${address} is not exposed at ${site}`);
  return virtual;
}
