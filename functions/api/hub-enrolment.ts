/** A host enrols as a hub that exists already. A new token replaces the keys of the host before, and the log says so. */
import type { Enrolled } from '../../protocol/enrolment.ts';
import type { Item, ItemKey } from '../store/port.ts';
import { changeItem } from './change.ts';
import { findLive } from './collection.ts';
import type { CheckedEnrolment } from './enrol.ts';
import { nextItem, withEvent } from './item.ts';
import { refuse } from './problems.ts';
import { causeOf, spendToken } from './redeem.ts';
import { revokeTokens } from './revoke.ts';

export async function enrolHub(enrolment: CheckedEnrolment): Promise<Enrolled> {
  const { desk, token, statement } = enrolment;
  const key: ItemKey<'hub'> = { kind: 'hub', tenant: '*', name: token.spec.hub ?? '' };
  const before = (await findLive(desk.store, key)) ?? refuseGone();
  refuseSlot(before);
  const { agent, tunnelAddress } = before.status;
  await spendToken(enrolment, agent);
  await revokeOlder(enrolment, key.name);
  await changeItem(desk.store, key, async (hub) => {
    // It may have got one since it was looked at.
    refuseSlot(hub);
    return hub.internal.identityKey === statement.identityKey ? hub : withKeys(enrolment, hub);
  });
  return { agent, role: 'hub', tunnelAddress, approved: true, roots: [...desk.deployment.roots] };
}

/** Tokens that enrolled other keys are void from now on: a repeat must not bring their keys back. */
async function revokeOlder(enrolment: CheckedEnrolment, hub: string): Promise<void> {
  const { desk, token, statement } = enrolment;
  const isOlder = ({ key, spec, internal }: Item<'token'>) =>
    key.name !== token.key.name &&
    spec.hub === hub &&
    internal.usedKey !== undefined &&
    internal.usedKey !== statement.identityKey;
  await revokeTokens(desk.store, { tenant: '*', revokes: isOlder }, causeOf(enrolment, `hub.${hub}`));
}

function withKeys(enrolment: CheckedEnrolment, hub: Item<'hub'>): Item<'hub'> {
  const { identityKey, wireguardKey, version, hostname } = enrolment.statement;
  const cause = causeOf(enrolment, hub.status.agent);
  const replaced =
    hub.internal.identityKey === undefined ? '' : ' The keys of the host before were replaced.';
  const next = nextItem(
    hub,
    { status: { ...hub.status, wireguardKey, version }, internal: { ...hub.internal, identityKey } },
    cause,
  );
  const detail = `Hub ${hub.key.name} enrolled from host ${hostname}.${replaced}`;
  return withEvent(next, cause, { action: 'enrol', detail });
}

function refuseSlot({ spec }: Item<'hub'>): void {
  if (spec.slot !== undefined)
    refuse('token_invalid', 'The hub has a slot by now: only an instance with its role may enrol.');
}

function refuseGone(): never {
  return refuse('token_invalid', 'The hub that the token was for is gone.');
}
