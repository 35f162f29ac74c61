/**
 * A report may change an agent's WireGuard key, but not to one that somebody else has: of two with one key the older
 * agent is kept by the compile, so a claim would take another's tunnel away. Enrolment needs no such check: who comes
 * later yields.
 */
import type { Report } from '../../protocol/report.ts';
import type { Store } from '../store/port.ts';
import { allLive, allTenantsLive } from './dependent.ts';
import { refuseField } from './faults.ts';
import type { Agent } from './signature.ts';

/** A key that an agent claims, and where in its report. */
interface ClaimedKey {
  readonly pointer: '/wireguardKey' | '/rotation/nextKey';
  readonly key: string;
}

/** Ends the request if another agent of the deployment has this key, or is about to. */
async function requireFreeKey(store: Store, { pointer, key }: ClaimedKey, agent: string): Promise<void> {
  const edges = await allTenantsLive(store, 'edge');
  const hubs = await allLive(store, { kind: 'hub', tenant: '*' });
  const present = [...edges, ...hubs].map(({ status }) => ({
    agent: status.agent,
    key: status.wireguardKey,
  }));
  const next = edges.map(({ status }) => ({ agent: status.agent, key: status.nextKey?.publicKey }));
  if ([...present, ...next].some((other) => other.agent !== agent && other.key === key))
    refuseField(pointer, 'Another agent has this key: make a new one on this host.');
}

/**
 * Ends the request if the report claims a key that is not the agent's to have. The key of a slot is the slot's, whatever its instance says; a key that was
 * rotated away does not come back, by a late report or from a copy of the host.
 */
export async function requireOwnKeys(store: Store, agent: Agent, report: Report): Promise<void> {
  if (agent.role === 'hub' && agent.item.spec.slot !== undefined) return;
  const { wireguardKey, rotation } = report;
  if (agent.role === 'edge' && wireguardKey === agent.item.internal.formerKey)
    refuseField('/wireguardKey', 'This key was rotated away: enrol the host anew with a fresh token.');
  const known = agent.item.status.wireguardKey;
  const next = agent.role === 'edge' ? agent.item.status.nextKey?.publicKey : undefined;
  if (wireguardKey !== known && wireguardKey !== next)
    await requireFreeKey(store, { pointer: '/wireguardKey', key: wireguardKey }, agent.id);
  if (agent.role === 'edge' && rotation !== undefined && rotation.nextKey !== next)
    await requireFreeKey(store, { pointer: '/rotation/nextKey', key: rotation.nextKey }, agent.id);
}
