/**
 * Hubs that are cloud instances, as the API sees them: what a slot must not share with another, and who owns the routes
 * of its VPC. Enrolment is elsewhere.
 */
import { z } from 'zod';
import type { HubSpec } from '../../protocol/hub.ts';
import type { Slot } from '../../protocol/slot.ts';
import type { Ownership } from '../domain/ownership.ts';
import type { Item, Store } from '../store/port.ts';
import type { Desk } from './collection.ts';
import { allLive } from './dependent.ts';
import { refuseField } from './faults.ts';

/** What makes a slot one hub's; a role or a secret is one of its account. */
const OWN: readonly { readonly field: keyof Slot; readonly noun: string; of(slot: Slot): string }[] = [
  { field: 'interface', noun: 'network interface', of: (slot) => slot.interface },
  { field: 'role', noun: 'instance role', of: (slot) => `${slot.account} ${slot.role}` },
  { field: 'secret', noun: 'secret', of: (slot) => `${slot.account} ${slot.secret}` },
  { field: 'publicKey', noun: 'WireGuard key', of: (slot) => slot.publicKey },
];

/** Ends the request if the slot is not the hub's alone, or the VPC that it lies in has no site. */
export async function requireOwnSlot(store: Store, name: string, { slot, vpc }: HubSpec): Promise<void> {
  if (slot === undefined) return;
  if (vpc === undefined)
    refuseField('/spec/vpc', 'A hub with a slot keeps the routes of its VPC: name the site that the VPC is.');
  const hubs = await allLive(store, { kind: 'hub', tenant: '*' });
  for (const other of hubs.filter(({ key }) => key.name !== name)) requireOther(slot, other);
}

function requireOther(slot: Slot, { key, spec, status }: Item<'hub'>): void {
  const theirs = spec.slot;
  const shared = theirs && OWN.find(({ of }) => of(slot) === of(theirs));
  if (shared)
    refuseField(
      `/spec/slot/${shared.field}`,
      `The hub ${key.name} has this ${shared.noun}; each has its own.`,
    );
  if (status.wireguardKey === slot.publicKey)
    refuseField('/spec/slot/publicKey', `The hub ${key.name} has this WireGuard key; each has its own.`);
}

/** Who owns the routes of the VPCs of these hubs, by VPC; each VPC is asked for once. */
export async function readOwnerships(
  { owners }: Pick<Desk, 'owners'>,
  hubs: readonly Item<'hub'>[],
): Promise<ReadonlyMap<string, Ownership>> {
  if (owners === undefined) return new Map();
  const vpcs = new Set(hubs.flatMap(({ spec }) => (spec.slot === undefined ? [] : [spec.slot.vpc])));
  const read = async (vpc: string): Promise<[string, Ownership]> => {
    const [owner, report] = await Promise.all([owners.read(vpc).catch(unlessIllegible), owners.report(vpc)]);
    return [vpc, { owner, report }];
  };
  return new Map(await Promise.all([...vpcs].map(read)));
}

/** Hubs write the owner's row. One that wrote nonsense there must not hide all hubs from who would remove it. */
function unlessIllegible(fault: unknown): undefined {
  if (fault instanceof z.ZodError) return undefined;
  throw fault;
}
