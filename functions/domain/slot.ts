/**
 * Hubs that are cloud instances: what their documents say of the VPC whose routes they keep, and which real prefixes
 * belong into its prefix list. It moves no route: the hub that owns them does, by this.
 */
import type { SlotLeaf } from '../../protocol/document.ts';
import type { Slot } from '../../protocol/slot.ts';
import type { Estate, HubFacts } from './estate.ts';
import { mappingsOf } from './estate.ts';
import { nativePairs, nativeSite, peersOf } from './native.ts';
import { sortedBy, sortedPrefixes } from './order.ts';

/** The site of a VPC, as a hub names it. */
export interface VpcSite {
  readonly tenant: string;
  readonly site: string;
}

type SlotEstate = Pick<Estate, 'deployment' | 'hubs' | 'tenants'>;
type SlotHub = HubFacts & { readonly slot: Slot };

/** The real prefixes that the VPC reaches without translation, sorted; they belong into its managed prefix list. */
export function nativePrefixesOf(estate: Pick<Estate, 'tenants'>, vpcSite: VpcSite): string[] {
  const tenant = estate.tenants.find((candidate) => candidate.name === vpcSite.tenant);
  if (!tenant) return [];
  const pairs = nativePairs(estate.tenants.flatMap(({ sites }) => sites.map(nativeSite)));
  const peers = peersOf({ tenant: vpcSite.tenant, name: vpcSite.site }, pairs);
  return sortedPrefixes(peers.flatMap((peer) => mappingsOf(tenant, peer).map(({ real }) => real)));
}

/** Where a hub's routes lead to: the pools; and the prefix list, if there is one and anything belongs into it. */
export function destinationsOf(estate: SlotEstate, hub: HubFacts): string[] {
  const { prefixList } = hub.slot ?? {};
  const isNative = hub.vpc !== undefined && nativePrefixesOf(estate, hub.vpc).length > 0;
  return [...estate.deployment.pools, ...(prefixList !== undefined && isNative ? [prefixList] : [])];
}

/** The hubs that share the routes of a VPC: those of the group with a slot in it, by name. */
export function slotsOf(
  hubs: readonly HubFacts[],
  { group, vpc }: { group: string; vpc: string },
): SlotHub[] {
  const slots = hubs.flatMap((hub) => (hub.slot === undefined ? [] : [{ ...hub, slot: hub.slot }]));
  return sortedBy(
    slots.filter((hub) => hub.group === group && hub.slot.vpc === vpc),
    ({ name }) => name,
  );
}

/** Undefined for a hub that is no cloud instance. */
export function slotLeaf(estate: SlotEstate, hub: HubFacts): SlotLeaf | undefined {
  const { slot } = hub;
  if (slot === undefined) return undefined;
  const sharing = slotsOf(estate.hubs, { group: hub.group, vpc: slot.vpc });
  return {
    kind: 'slot',
    vpc: slot.vpc,
    queue: slot.queue,
    table: slot.table,
    destinations: destinationsOf(estate, hub),
    hubs: sharing.map(({ name, slot: { interface: id, discovery } }) => ({
      name,
      interface: id,
      ...(discovery === undefined ? {} : { discovery }),
    })),
  };
}
