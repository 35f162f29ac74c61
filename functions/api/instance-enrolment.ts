/**
 * An instance enrols as the hub whose slot it fills. It replaces the identity key of the instance before; the WireGuard
 * key is the slot's and stays, so that no edge's document changes.
 */
import type { Enrolled, EnrolmentStatement, InstanceProof } from '../../protocol/enrolment.ts';
import type { Slot } from '../../protocol/slot.ts';
import { checkOrder } from '../domain/instance-proof.ts';
import type { Item, ItemKey } from '../store/port.ts';
import { changeItem } from './change.ts';
import { type Desk, findLive } from './collection.ts';
import { requireInstance } from './instance-proof.ts';
import { nextItem, withEvent } from './item.ts';
import { refuse, refuseIf } from './problems.ts';

/** An enrolment whose statement its own key has signed. */
export interface InstanceEnrolment {
  readonly desk: Desk;
  readonly hub: string;
  readonly statement: EnrolmentStatement;
  readonly instance: InstanceProof;
  readonly origin: string;
  readonly requestId: string;
  readonly now: string;
}

interface Proven extends InstanceEnrolment {
  /** Id of the instance. */
  readonly session: string;
  readonly signedAt: string;
}

export async function enrolInstance(enrolment: InstanceEnrolment): Promise<Enrolled> {
  const { desk, statement } = enrolment;
  const key: ItemKey<'hub'> = { kind: 'hub', tenant: '*', name: enrolment.hub };
  const slot = requireSlot(await findLive(desk.store, key));
  const proof = await requireInstance(desk, enrolment, slot);
  if (statement.wireguardKey !== slot.publicKey)
    refuse('proof_invalid', "The WireGuard key is not the slot's: read it from the slot's secret again.");
  const proven = { ...enrolment, ...proof };
  const hub = await changeItem(desk.store, key, async (item) => taken(proven, item, slot));
  const { agent, tunnelAddress } = (hub ?? refuseSlot()).status;
  return { agent, role: 'hub', tunnelAddress, approved: true, roots: [...desk.deployment.roots] };
}

/** The hub with the instance's identity key. Sent again it changes nothing; signed anew it counts as later. */
function taken(proven: Proven, hub: Item<'hub'>, provenFor: Slot): Item<'hub'> {
  const { statement, signedAt, session, requestId, now } = proven;
  const { account, role, publicKey } = requireSlot(hub);
  const isSame =
    account === provenFor.account && role === provenFor.role && publicKey === provenFor.publicKey;
  if (!isSame) refuse('busy', 'The slot of this hub was changed meanwhile. Try again.');
  const { identityKey, instanceAt } = hub.internal;
  if (identityKey === statement.identityKey && instanceAt === signedAt) return hub;
  refuseIf(checkOrder(signedAt, { createdAt: hub.createdAt, instanceAt }));
  const cause = { actor: `agent:${hub.status.agent}`, requestId, now };
  const internal = { ...hub.internal, identityKey: statement.identityKey, instanceAt: signedAt };
  const next = nextItem(hub, { status: { ...hub.status, version: statement.version }, internal }, cause);
  if (identityKey === statement.identityKey) return next;
  const replaced = identityKey === undefined ? '' : ' The identity of the host before was replaced.';
  const detail = `Hub ${hub.key.name} enrolled from instance ${session}, host ${statement.hostname}.${replaced}`;
  return withEvent(next, cause, { action: 'enrol', detail });
}

/** A hub that is not there and one without a slot look the same: nobody has proved anything yet. */
function requireSlot(hub: Item<'hub'> | undefined): Slot {
  return hub?.spec.slot ?? refuseSlot();
}

function refuseSlot(): never {
  return refuse('proof_invalid', 'There is no hub of this name that an instance may enrol as.');
}
