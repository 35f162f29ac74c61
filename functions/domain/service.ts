/** Services: where a name may point, and what it is called. */
import {
  containsAddress,
  formatAddress,
  parseAddress,
  parsePrefix,
  translate,
} from '../../protocol/address.ts';
import type { Refusal } from '../../protocol/problem.ts';
import { DOMAIN } from '../../protocol/service.ts';
import type { Mapping } from '../../protocol/site.ts';
import { reservedFor } from './reserved.ts';

/**
 * Refuses an address that no exposed prefix holds, or that is reserved (loopback, link-local, metadata, a pool): a
 * service must never lead to a host of ours. `prefixes` are the real ones that the site exposes.
 */
export function checkService(
  spec: { readonly address: string },
  site: { readonly prefixes: readonly string[]; readonly pools: readonly string[] },
): Refusal | undefined {
  const address = parseAddress(spec.address);
  const inside = site.prefixes.some((prefix) => containsAddress(parsePrefix(prefix), address));
  if (inside && reservedFor({ base: address, length: 32 }, site.pools) === undefined) return undefined;
  const exposed = site.prefixes.join(', ') || 'nothing yet';
  const detail = `${spec.address} is in no exposed prefix of the site; it exposes ${exposed}.`;
  return { code: 'address_outside_site', detail, errors: [{ pointer: '/spec/address', detail }] };
}

export function hostnameOf(service: string, site: string, tenant: string): string {
  return `${service}.${site}.${tenant}.${DOMAIN}`;
}

/** The virtual twin of a real address; undefined if no mapping holds it. */
export function virtualAddress(address: string, mappings: readonly Mapping[]): string | undefined {
  const number = parseAddress(address);
  const mapping = mappings.find(({ real }) => containsAddress(parsePrefix(real), number));
  if (!mapping) return undefined;
  return formatAddress(translate(number, parsePrefix(mapping.real), parsePrefix(mapping.virtual)));
}
