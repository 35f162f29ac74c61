/**
 * What agents tell: reports of changes, and of hubs the liveness of their peers. A report never holds desired state;
 * it may bring a new WireGuard key, which only the agent itself can sign for, and new adverts, which are decided here.
 */
import { Liveness, Report } from '../../protocol/report.ts';
import { judgeKeys } from '../domain/edge-keys.ts';
import { PROOF_PEERS_MAX } from '../domain/proof.ts';
import { proofEvents } from '../domain/proof-events.ts';
import { placeBySilence } from '../reconcile/silence.ts';
import type { Item } from '../store/port.ts';
import { takeAdverts } from './adverts.ts';
import { changeItem } from './change.ts';
import type { Desk } from './collection.ts';
import { type Cause, nextItem, sameJson, withEvent } from './item.ts';
import { NO_QUERY, type Operation, operation } from './operation.ts';
import { requireOwnKeys } from './wireguard-key.ts';

export function reportOperations(desk: Desk): Operation[] {
  return [takeReport(desk), takeLiveness(desk)];
}

function takeReport(desk: Desk): Operation {
  return operation({
    id: 'report',
    method: 'post',
    path: '/v1/agent/report',
    tag: 'agents',
    summary: 'Report what changed on the host',
    guard: desk.guards.agent,
    body: Report,
    query: NO_QUERY,
    answers: [{ status: 204, description: 'Kept' }],
    problems: ['busy'],
    async handle({ principal, body, requestId, now }) {
      const cause = { actor: `agent:${principal.id}`, requestId, now };
      await requireOwnKeys(desk.store, principal, body);
      if (principal.role === 'hub')
        await changeItem(desk.store, principal.item.key, async (item) => reportedHub(item, body, cause));
      else await takeEdge(desk, principal, { body, cause });
      // Last, so that who tries again after a failure is still compared with what was told before.
      await desk.store.writeReport(principal.id, now, body);
      return { status: 204 };
    },
  });
}

function takeLiveness(desk: Desk): Operation {
  const { store, guards } = desk;
  return operation({
    id: 'reportLiveness',
    method: 'post',
    path: '/v1/agent/liveness',
    tag: 'agents',
    summary: 'Report the liveness of all peers',
    guard: guards.hub,
    body: Liveness,
    query: NO_QUERY,
    answers: [{ status: 204, description: 'Kept' }],
    problems: [],
    async handle({ principal, body, now }) {
      const { agent } = principal.item.status;
      const before = await store.liveness(agent);
      await store.writeLiveness(agent, now, body);
      await placeBySilence(desk, before?.liveness, body);
      return { status: 204 };
    },
  });
}

interface Told {
  readonly body: Report;
  readonly cause: Cause;
}

/** What the trials of an isolation show becomes entries of the log. */
async function takeEdge(
  desk: Desk,
  { id, item: { key } }: { readonly id: string; readonly item: Item<'edge'> },
  { body, cause }: Told,
): Promise<void> {
  // Most reports have none, and what was told before is read for them alone.
  const before = body.proofs === undefined ? undefined : await desk.store.report(id);
  const sentences = proofEvents(key.name, before?.report.proofs, body.proofs?.slice(0, PROOF_PEERS_MAX));
  await changeItem(desk.store, key, async (item) => {
    const next = await reportedEdge(desk, item, { body, cause });
    if (sentences.length === 0) return next;
    const changing = next.version === item.version ? nextItem(next, {}, cause) : next;
    return sentences.reduce((one, detail) => withEvent(one, cause, { action: 'report', detail }), changing);
  });
}

/** The WireGuard key of a slot is the slot's; an instance that still has the one before has yet to be replaced. */
function reportedHub(item: Item<'hub'>, report: Report, cause: Cause): Item<'hub'> {
  const { version, certificate, features } = report;
  const wireguardKey = item.spec.slot?.publicKey ?? report.wireguardKey;
  const status = {
    ...item.status,
    wireguardKey,
    version,
    features,
    ...(certificate === undefined ? {} : { certificate }),
  };
  return changed(item, status, cause);
}

async function reportedEdge(desk: Desk, item: Item<'edge'>, { body, cause }: Told): Promise<Item<'edge'>> {
  const { version, advertise, features } = body;
  const { change, keys } = judgeKeys(item.status, body, { wanted: item.spec.keyNumber, now: cause.now });
  const status = { ...item.status, ...keys, version, features, advertised: advertise };
  const adverts = sameJson(advertise, item.status.advertised)
    ? {}
    : await takenAdverts(desk, item, { body, cause });
  const next = changed(item, { ...status, ...adverts }, cause);
  if (change !== 'rotated') return next;
  const kept = { ...next, internal: { ...next.internal, formerKey: item.status.wireguardKey } };
  const detail = `The edge ${item.key.name} rotated its WireGuard key: key ${keys.key?.number} is in use on all of its legs.`;
  return withEvent(kept, cause, { action: 'report', detail });
}

function takenAdverts(desk: Desk, { key, spec, internal }: Item<'edge'>, { body, cause }: Told) {
  const site = { kind: 'site', tenant: key.tenant, name: spec.site } as const;
  return takeAdverts(desk, { ...spec, site, allowed: internal.prefixes, advertised: body.advertise }, cause);
}

/** The item as it is if the report says nothing new; a new key that nobody asked for is worth an entry in the log. */
function changed<K extends 'edge' | 'hub'>(item: Item<K>, status: Item<K>['status'], cause: Cause): Item<K> {
  if (sameJson(status, item.status)) return item;
  const next = nextItem(item, { status }, cause);
  const isAsked = 'nextKey' in item.status && item.status.nextKey?.publicKey === status.wireguardKey;
  if (status.wireguardKey === item.status.wireguardKey || isAsked) return next;
  const detail = `The ${item.key.kind} ${item.key.name} changed its WireGuard key.`;
  return withEvent(next, cause, { action: 'report', detail });
}
